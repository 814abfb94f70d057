//! The server under siege: hostile forms, slow bodies, clients that never read and as many streams as there may be, all
//! at once, while a good client goes on asking.
//!
//! The real program serves a private database in development mode, in a process of its own, without rate limits: what
//! is tried is what one can hold of it. Its memory is printed before, during and after.

#![allow(
    clippy::print_stdout,
    missing_docs,
    reason = "a measuring program plays the outside world and speaks to whoever started it"
)]

#[allow(dead_code, reason = "shared with the other bench, which takes more of it")]
#[path = "../http/load.rs"]
mod load;
#[allow(dead_code, reason = "shared with the other bench, which takes more of it")]
#[path = "../http/process.rs"]
mod process;

mod attack;
mod good;
mod stage;

use std::time::Duration;

use anyhow::ensure;
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use attack::Attack;
use good::Good;
use stage::Stage;

/// Besieges the server. Loopback only, about two minutes.
#[derive(Parser)]
struct Cli {
    /// Forms whose part headers never end
    #[arg(long, default_value_t = 400)]
    forms: usize,
    /// Bodies that begin and do not go on
    #[arg(long, default_value_t = 1_000)]
    bodies: usize,
    /// Clients that ask and never read
    #[arg(long, default_value_t = 4_100)]
    deaf: usize,
    /// Streams asked for
    #[arg(long, default_value_t = 10_000)]
    streams: usize,
    /// Seconds the siege lasts once everybody is there
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let wanted = u64::try_from(cli.forms + cli.bodies + cli.deaf + cli.streams)? + 256;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    ensure!(hard >= wanted, "{wanted} descriptors are needed and {hard} allowed (ulimit -Hn)");
    setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(besiege(&cli))
}

async fn besiege(cli: &Cli) -> anyhow::Result<()> {
    let stage = Stage::set(cli.streams.div_ceil(5)).await?;
    let outcome = measure(cli, &stage).await;
    stage.strike().await?;
    outcome
}

async fn measure(cli: &Cli, stage: &Stage) -> anyhow::Result<()> {
    let mut good = Good::start(stage.server.address).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    report("Before", stage, &mut good)?;
    let attack = Attack::start(cli, stage);
    let opened = attack.everybody_is_there().await;
    println!("  open: {opened}");
    report("While they came", stage, &mut good)?;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(cli.seconds) / 4).await;
        report("During", stage, &mut good)?;
    }
    println!("  held to the end: {}", attack.still_held());
    drop(attack);
    tokio::time::sleep(Duration::from_secs(5)).await;
    report("5 s after", stage, &mut good)?;
    tokio::time::sleep(Duration::from_secs(15)).await;
    report("20 s after", stage, &mut good)?;
    ensure!(good.all_answered(), "the good client was not answered");
    Ok(())
}

fn report(phase: &str, stage: &Stage, good: &mut Good) -> anyhow::Result<()> {
    let (now, most) = stage.server.memory()?;
    let mib = |kib: u64| kib / 1024;
    println!("{phase}: {} MiB, {} MiB at most; {}", mib(now), mib(most), good.take());
    Ok(())
}
