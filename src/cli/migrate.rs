use super::connect;
use crate::{
    config::{Config, Vars},
    db,
};

/// Applies the pending migrations.
///
/// # Errors
/// When the database is away or refuses.
pub async fn run(vars: Vars) -> anyhow::Result<()> {
    let config = Config::load_for_tools(vars)?;
    let db = connect(&config).await?;
    let report = db::migrate(&db).await?;
    match report.applied.len() {
        0 => println!("The database is up to date."),
        count => println!("{count} migrations applied."),
    }
    db.close().await;
    Ok(())
}
