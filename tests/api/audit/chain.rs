//! Whoever touches the past is found.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use staka::audit::{
    acts as known,
    chain::{Finding, Report, seal_all, verify},
    record,
};
use uuid::Uuid;

use super::acts;
use crate::support::server::TestServer;

const COLUMNS: [&str; 13] = [
    "id",
    "seq",
    "timestamp",
    "actor_email",
    "action",
    "target_type",
    "target_id",
    "details",
    "ip_address",
    "user_agent",
    "severity",
    "created_at",
    "seal_id",
];

async fn check(server: &TestServer) -> Report {
    verify(&server.state.db, &[], |_, _| {}).await.unwrap()
}

/// Three seals of ten rows, and two rows that wait.
async fn sealed() -> TestServer {
    let server = TestServer::empty().await;
    // Rows are named by number below.
    server.execute("ALTER TABLE audit_logs AUTO_INCREMENT = 1").await;
    for first in ["2026-03-10 09:00:00", "2026-03-11 09:00:00", "2026-03-12 09:00:00"] {
        acts(&server, 10, first, 1).await;
        assert_eq!(server.run_job("audit_seals").await, 10);
        server.advance(chrono::Duration::days(1));
    }
    acts(&server, 2, "2026-03-13 09:00:00", 1).await;
    server
}

/// The rows of a table as SQL.
async fn rows(server: &TestServer, table: &str, columns: &[&str]) -> Vec<String> {
    let values = columns.iter().map(|column| match *column {
        "id" if table == "audit_logs" => "CONCAT('UNHEX(''', HEX(id), ''')')".to_owned(),
        "digests" => "COALESCE(CONCAT('UNHEX(''', HEX(digests), ''')'), 'NULL')".to_owned(),
        column => format!("QUOTE({column})"),
    });
    let list = values.collect::<Vec<_>>().join(", ");
    server.texts(&format!("SELECT CONCAT('(', CONCAT_WS(',', {list}), ')') FROM {table}")).await
}

const SEAL_COLUMNS: [&str; 11] = [
    "id",
    "first_seq",
    "last_seq",
    "row_count",
    "rows_hash",
    "previous_hash",
    "hash",
    "sealed_at",
    "newest_at",
    "digests",
    "state",
];

/// Both tables as they are.
struct Snapshot(Vec<String>);

impl Snapshot {
    async fn take(server: &TestServer) -> Self {
        let mut sql = Vec::new();
        for (table, columns) in [("audit_logs", &COLUMNS[..]), ("audit_seals", &SEAL_COLUMNS)] {
            let values = rows(server, table, columns).await.join(",");
            sql.push(format!("DELETE FROM {table}"));
            sql.push(format!("INSERT INTO {table} ({}) VALUES {values}", columns.join(", ")));
        }
        Self(sql)
    }

    async fn restore(&self, server: &TestServer) {
        for sql in &self.0 {
            server.execute(sql).await;
        }
    }
}

/// What somebody does, by numbers of rows and seals that are there.
#[derive(Clone, Debug)]
enum Tampering {
    Change { row: u32, column: usize },
    Remove { row: u32 },
    Swap { row: u32, other: u32 },
    AddToSeal { seal: u32 },
    AddToPast { hours: u32 },
    Unseal { row: u32 },
    Move { row: u32 },
    ChangeSeal { seal: u32, column: usize },
    RemoveSeal { seal: u32 },
    PretendPurge { seal: u32 },
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let (row, seal) = (1..=30u32, 1..=3u32);
    prop_oneof![
        (row.clone(), 0..12usize).prop_map(|(row, column)| Tampering::Change { row, column }),
        row.clone().prop_map(|row| Tampering::Remove { row }),
        (1..=15u32, 16..=30u32).prop_map(|(row, other)| Tampering::Swap { row, other }),
        seal.clone().prop_map(|seal| Tampering::AddToSeal { seal }),
        (2..1000u32).prop_map(|hours| Tampering::AddToPast { hours }),
        row.clone().prop_map(|row| Tampering::Unseal { row }),
        row.prop_map(|row| Tampering::Move { row }),
        (seal.clone(), 0..9usize).prop_map(|(seal, column)| Tampering::ChangeSeal { seal, column }),
        seal.clone().prop_map(|seal| Tampering::RemoveSeal { seal }),
        seal.prop_map(|seal| Tampering::PretendPurge { seal }),
    ]
}

impl Tampering {
    fn sql(&self) -> Vec<String> {
        let one = |sql: String| vec![sql];
        let copy = |from: u32, timestamp: String, seal: &str| {
            format!(
                "INSERT INTO audit_logs (id, timestamp, actor_email, action, target_type, severity, created_at, seal_id)
                 SELECT UNHEX(REPLACE(UUID(), '-', '')), {timestamp}, actor_email, action, target_type, severity, {timestamp}, {seal}
                 FROM audit_logs WHERE seq = {from}"
            )
        };
        match self {
            Self::Change { row, column } => {
                let column = COLUMNS[*column];
                let value = match column {
                    "id" => "UNHEX(REPLACE(UUID(), '-', ''))".to_owned(),
                    "seq" => "seq + 1000".to_owned(),
                    "timestamp" | "created_at" => format!("{column} + INTERVAL 1000 MICROSECOND"),
                    "target_type" => "IF(target_type = 'user', 'auth', 'user')".to_owned(),
                    "severity" => "IF(severity = 'LOW', 'HIGH', 'LOW')".to_owned(),
                    column => format!("CONCAT(COALESCE({column}, ''), 'x')"),
                };
                one(format!("UPDATE audit_logs SET {column} = {value} WHERE seq = {row}"))
            }
            Self::Remove { row } => one(format!("DELETE FROM audit_logs WHERE seq = {row}")),
            Self::Swap { row, other } => vec![
                format!("UPDATE audit_logs SET seq = 9999 WHERE seq = {row}"),
                format!("UPDATE audit_logs SET seq = {row} WHERE seq = {other}"),
                format!("UPDATE audit_logs SET seq = {other} WHERE seq = 9999"),
            ],
            Self::AddToSeal { seal } => one(copy(seal * 10, "timestamp".to_owned(), &seal.to_string())),
            Self::AddToPast { hours } => one(copy(30, format!("timestamp - INTERVAL {hours} HOUR"), "NULL")),
            Self::Unseal { row } => one(format!("UPDATE audit_logs SET seal_id = NULL WHERE seq = {row}")),
            Self::Move { row } => {
                one(format!("UPDATE audit_logs SET seal_id = 1 + seal_id % 3 WHERE seq = {row}"))
            }
            Self::ChangeSeal { seal, column } => {
                let column = SEAL_COLUMNS[*column];
                let value = match column {
                    "id" => "id + 10".to_owned(),
                    "first_seq" | "last_seq" | "row_count" => format!("{column} + 100"),
                    "sealed_at" | "newest_at" => format!("{column} + INTERVAL 1000 MICROSECOND"),
                    column => format!("CONCAT(IF(LEFT({column}, 1) = 'f', 'e', 'f'), SUBSTR({column}, 2))"),
                };
                one(format!("UPDATE audit_seals SET {column} = {value} WHERE id = {seal}"))
            }
            Self::RemoveSeal { seal } => one(format!("DELETE FROM audit_seals WHERE id = {seal}")),
            Self::PretendPurge { seal } => vec![
                format!("DELETE FROM audit_logs WHERE seal_id = {seal}"),
                format!("UPDATE audit_seals SET state = 'PURGED', digests = NULL WHERE id = {seal}"),
            ],
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_change_of_what_was_sealed_is_found() {
    let server = sealed().await;
    let snapshot = Snapshot::take(&server).await;
    let report = check(&server).await;
    assert_eq!((report.findings.as_slice(), report.rows, report.seals, report.waiting), (&[][..], 30, 3, 2));
    let first: u32 = server.value("SELECT MIN(seq) FROM audit_logs").await.unwrap().parse().unwrap();
    assert_eq!(first, 1, "rows are named by number below");
    let handle = tokio::runtime::Handle::current();
    let config = Config { cases: 120, failure_persistence: None, ..Config::default() };
    let run = |server: &TestServer| {
        TestRunner::new(config).run(&tampering(), |tampering| {
            let found = handle.block_on(async {
                for sql in tampering.sql() {
                    server.execute(&sql).await;
                }
                let found = check(server).await.findings;
                snapshot.restore(server).await;
                found
            });
            prop_assert!(!found.is_empty(), "{:?}", tampering);
            let named = match &tampering {
                Tampering::Change { row, column } if COLUMNS[*column] != "seq" => {
                    found.iter().any(|finding| matches!(finding, Finding::RowChanged { seq, .. } if *seq == u64::from(*row)))
                }
                Tampering::Remove { row } | Tampering::Unseal { row } | Tampering::Move { row } => {
                    found.iter().any(|finding| matches!(finding, Finding::RowMissing { seq, .. } if *seq == u64::from(*row)))
                }
                _ => true,
            };
            prop_assert!(named, "{:?}: {:?}", tampering, found);
            Ok(())
        })
    };
    tokio::task::block_in_place(|| run(&server)).unwrap();
    assert!(check(&server).await.findings.is_empty());
    server.count("email_outbox").await;
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_sealed_later() {
    let server = TestServer::empty().await;
    let mut late = server.state.begin().await.unwrap();
    record(&mut late, known::LOGIN_SUCCESS, "late@example.com", None::<Uuid>, None).await.unwrap();
    let mut early = server.state.begin().await.unwrap();
    record(&mut early, known::LOGIN_SUCCESS, "early@example.com", None::<Uuid>, None).await.unwrap();
    early.commit().await.unwrap();
    // Sealing waits for nobody.
    assert_eq!(seal_all(&server.state).await.unwrap(), 1);
    late.commit().await.unwrap();
    server.advance(chrono::Duration::minutes(5));
    assert_eq!(seal_all(&server.state).await.unwrap(), 1);
    let order = server.texts("SELECT CONCAT(seal_id, ' ', actor_email) FROM audit_logs ORDER BY seq").await;
    assert_eq!(order, ["2 late@example.com", "1 early@example.com"]);
    let report = check(&server).await;
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn servers_that_seal_side_by_side_seal_each_row_once() {
    let server = TestServer::empty().await;
    acts(&server, 2_100, "2026-03-10 09:00:00", 0).await;
    let sealing = (0..4).map(|_| seal_all(&server.state));
    let sealed = futures_util::future::join_all(sealing).await;
    // One that meets another at the first seal of all leaves the rows to it.
    assert!(sealed.iter().any(Result::is_ok), "{sealed:?}");
    seal_all(&server.state).await.unwrap();
    let report = check(&server).await;
    assert_eq!((report.rows, report.waiting, report.findings.as_slice()), (2_100, 0, &[][..]));
    assert_eq!(server.count("audit_logs WHERE seal_id IS NULL").await, 0);
}

#[tokio::test]
async fn what_was_noted_elsewhere_tells_of_a_chain_that_was_cut_or_written_anew() {
    let server = sealed().await;
    let last = check(&server).await.last.unwrap();
    let anchor = format!("{}:{}", last.0, last.1).parse().unwrap();
    let found = async |server: &TestServer| {
        verify(&server.state.db, &[std::clone::Clone::clone(&anchor)], |_, _| {}).await.unwrap().findings
    };
    assert_eq!(found(&server).await, []);
    server.execute("DELETE FROM audit_logs WHERE seal_id = 3 OR seal_id IS NULL").await;
    server.execute("DELETE FROM audit_seals WHERE id = 3").await;
    assert!(check(&server).await.findings.is_empty(), "nothing else can tell");
    assert_eq!(found(&server).await, [Finding::AnchorLost { seal: 3 }]);
}
