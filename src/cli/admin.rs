use std::io::{BufRead, IsTerminal, Write, stdin};

use anyhow::Context;
use clap::{Args, Subcommand};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::{connect, tool};
use crate::{
    config::{Config, Vars},
    users,
};

/// What to do with administrators.
#[derive(Subcommand)]
pub enum Command {
    /// Create an administrator; the password is asked for, or read from standard input
    Create(Create),
}

/// The administrator to create.
#[derive(Args)]
pub struct Create {
    /// Address to log in with
    email: String,
    /// First name
    #[arg(long, default_value = "Admin")]
    prenom: String,
    /// Family name
    #[arg(long, default_value = "Staka")]
    nom: String,
}

/// Creates an administrator.
///
/// # Errors
/// When the address is taken, the password too weak, or the database away.
pub async fn run(command: Command, vars: Vars) -> anyhow::Result<()> {
    let Command::Create(new) = command;
    let config = Config::load_for_tools(vars)?;
    let password = read_password()?;
    let db = connect(&config).await?;
    let state = tool(config, db)?;
    users::service::create_admin(&state, &new.email, &new.prenom, &new.nom, &password)
        .await
        .map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    println!("Administrator {} created.", new.email);
    state.db.close().await;
    Ok(())
}

/// A line of standard input; at a terminal it is asked for and not shown.
fn read_password() -> anyhow::Result<String> {
    let input = stdin();
    let mut line = String::new();
    if input.is_terminal() {
        eprint!("Password: ");
        std::io::stderr().flush()?;
        let shown = tcgetattr(&input).context("the terminal cannot be read")?;
        let mut hidden = shown.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&input, SetArg::TCSANOW, &hidden)?;
        let read = input.lock().read_line(&mut line);
        tcsetattr(&input, SetArg::TCSANOW, &shown)?;
        eprintln!();
        read?;
    } else {
        input.lock().read_line(&mut line)?;
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
