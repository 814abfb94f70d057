//! The database: reachable, migrated, durable, its clock.

use super::Finding;
use crate::{
    clock::Clock,
    config::Config,
    db::{self, Db, Durability},
};

/// Seconds two clocks may be apart: the database dates some rows, and tokens and signatures are dated by ours.
const APART: i64 = 2;

/// Looks at a database that answers.
///
/// # Errors
/// When it stops answering.
pub async fn findings(config: &Config, db: &Db, clock: &Clock) -> Result<Vec<Finding>, sqlx::Error> {
    let mut conn = db.conn().await?;
    let durability = Durability::of(&mut conn, clock.now().timestamp()).await?;
    drop(conn);
    let mut found =
        vec![Finding::good("database", durability.version.clone()), migrations(db, config).await?];
    found.extend(losses(&durability));
    found.extend([clocks(&durability), connections(config, db, &durability)]);
    Ok(found)
}

/// That the database cannot be reached.
pub fn away(error: &anyhow::Error) -> Finding {
    Finding::bad(
        "database",
        format!("{error:#}"),
        "Is it running, and are the host, the user and the password of DATABASE_URL right?",
    )
}

async fn migrations(db: &Db, config: &Config) -> Result<Finding, sqlx::Error> {
    let pending = db::pending(db).await?;
    Ok(match (pending.len(), config.migrate_on_start) {
        (0, _) => Finding::good("migrations", "none is pending"),
        (count, true) => Finding::good("migrations", format!("{count} pending, applied at the next start")),
        (count, false) => Finding::bad(
            "migrations",
            format!("{count} pending: the server would not start"),
            "Back the database up, then run `staka migrate`.",
        ),
    })
}

/// What could make an acknowledged payment vanish.
fn losses(durability: &Durability) -> Vec<Finding> {
    let mut found = Vec::new();
    match durability.flush_log.as_deref() {
        Some("1") | None => found.push(Finding::good("durability", "every commit is written to the disk")),
        Some(other) => found.push(Finding::bad(
            "durability",
            format!(
                "innodb_flush_log_at_trx_commit is {other}: a power cut loses the last second of payments"
            ),
            "Set innodb_flush_log_at_trx_commit=1 in the server's configuration.",
        )),
    }
    if durability.binary_log && durability.sync_binary_log.as_deref().is_some_and(|every| every != "1") {
        found.push(Finding::doubtful(
            "binary log",
            "sync_binlog is not 1: replicas and point-in-time recovery may miss the last commits after a crash",
            "Set sync_binlog=1, unless the binary log serves nothing.",
        ));
    }
    if durability.galera {
        found.push(Finding::doubtful(
            "cluster",
            "this is a node of a Galera cluster: what it acknowledged is on the others, not yet applied there",
            "Let the servers write to one node, or set wsrep_sync_wait=1 where they read from several.",
        ));
    }
    found
}

fn clocks(durability: &Durability) -> Finding {
    match durability.ahead.abs() {
        0..=APART => Finding::good("clock", "the database's and ours agree"),
        apart => Finding::bad(
            "clock",
            format!("the database's and ours are {apart} s apart"),
            "Run a time service (chrony, systemd-timesyncd) on both machines: Stripe's signatures hold five minutes.",
        ),
    }
}

fn connections(config: &Config, db: &Db, durability: &Durability) -> Finding {
    let ours = config.database_max_connections.unwrap_or_else(|| db.pool().options().get_max_connections());
    match durability.max_connections {
        Some(all) if all < ours.saturating_add(ours) => Finding::doubtful(
            "connections",
            format!("the database takes {all}, a server of ours {ours}"),
            "While one server replaces another both are connected: raise max_connections, or lower DATABASE_MAX_CONNECTIONS.",
        ),
        Some(all) => Finding::good("connections", format!("{ours} of the {all} the database takes")),
        None => Finding::good("connections", ours.to_string()),
    }
}
