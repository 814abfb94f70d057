use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::{Args, Subcommand};

use crate::clock::random_bytes;

/// What to do about secrets.
#[derive(Subcommand)]
pub enum Command {
    /// Write a file of settings with new secrets in it, for its owner alone; none is ever printed
    Generate(Generate),
}

/// Where to.
#[derive(Args)]
pub struct Generate {
    /// The file to make; one that exists is left as it is
    #[arg(long, value_name = "FILE", default_value = ".env.production")]
    output: PathBuf,
    /// Only say what would be written
    #[arg(long)]
    dry_run: bool,
}

/// All settings, with what each is for.
const TEMPLATE: &str = include_str!("../../.env.example");

/// The line of the template that names the database for a server outside of containers.
const DATABASE: &str = "DATABASE_URL=mysql://staka:change-me@";

/// A secret of the file: 48 bytes are 64 characters and 384 bits, 18 bytes 24 characters and 144 bits.
struct Secret {
    name: &'static str,
    purpose: &'static str,
    value: String,
    bits: usize,
}

impl Secret {
    fn draw<const BYTES: usize>(name: &'static str, purpose: &'static str) -> Self {
        Self { name, purpose, value: URL_SAFE_NO_PAD.encode(random_bytes::<BYTES>()), bits: BYTES * 8 }
    }
}

/// Draws new secrets and writes them into a file of settings.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Generate(how) = command;
    let secrets = [
        Secret::draw::<48>("JWT_SECRET", "signs sessions and private links"),
        Secret::draw::<18>("MYSQL_PASSWORD", "opens the database; in DATABASE_URL too"),
    ];
    for Secret { name, purpose, value, bits } in &secrets {
        println!("{name}: {} characters, {bits} bits; {purpose}", value.len());
    }
    if how.dry_run {
        println!("{} would be written, readable by its owner alone.", how.output.display());
        return Ok(());
    }
    write(&how.output, &filled(&secrets)?)?;
    println!("{} is written, readable by its owner alone.", how.output.display());
    println!("Fill in what is marked REQUIRED there, then ask `staka doctor` what is still missing.");
    Ok(())
}

/// The template with the secrets in their places.
fn filled(secrets: &[Secret]) -> anyhow::Result<String> {
    let mut text = TEMPLATE.to_owned();
    for Secret { name, value, .. } in secrets {
        let (line, commented) = (format!("\n{name}=\n"), format!("\n# {name}=\n"));
        let place = [&line, &commented].into_iter().find(|place| text.contains(place.as_str()));
        let Some(place) = place else { bail!("the template has no place for {name}") };
        text = text.replacen(place.as_str(), &format!("\n{name}={value}\n"), 1);
        if *name == "MYSQL_PASSWORD" {
            text = text.replacen(DATABASE, &DATABASE.replace("change-me", value), 1);
        }
    }
    Ok(text)
}

/// Makes the file, unreadable for others from its first byte on.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(path);
    if opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
        bail!(
            "{} exists: its secrets may be in use. Move it away, or choose another with --output",
            path.display()
        );
    }
    let mut file = opened.with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("{} cannot be written", path.display()))
}
