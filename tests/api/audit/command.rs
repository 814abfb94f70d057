//! `staka audit`.

use super::acts;
use crate::support::{program::run, scratch::Scratch, server::TestServer, settings::variables};

#[tokio::test]
async fn operators_verify_and_export_the_log() {
    let server = TestServer::empty().await;
    acts(&server, 12, "2026-03-09 12:00:00", 1).await;
    server.run_job("audit_seals").await;
    let files = Scratch::new();
    let vars = variables(server.database.url(), &files, &[]);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let staka = async |arguments: &[&str]| run(&[&["audit"], arguments].concat(), &vars, "").await;
    let sound = staka(&["verify"]).await;
    assert!(sound.success, "{sound:?}");
    assert!(sound.stdout.contains("12 rows in 1 seals, 0 of them cleaned up."), "{}", sound.stdout);
    let last =
        sound.stdout.lines().find_map(|line| line.strip_prefix("Last seal, to be kept elsewhere: ")).unwrap();
    assert!(staka(&["verify", "--anchor", last]).await.success);
    let lost = format!("1:{}", "0".repeat(64));
    let lost = staka(&["verify", "--anchor", &lost]).await;
    assert!(!lost.success && lost.stdout.contains("FOUND: seal 1 is not the one that was noted"), "{lost:?}");
    assert!(!staka(&["verify", "--anchor", "nonsense"]).await.success);

    let table = staka(&["export", "--from", "2026-03-09", "--to", "2026-03-09"]).await;
    assert!(table.success && table.stderr.contains("12 rows."), "{table:?}");
    assert_eq!(table.stdout.lines().count(), 13);
    let file = files.join("audit.json");
    let written = staka(&["export", "--format", "json", "--output", file.to_str().unwrap()]).await;
    assert!(written.success, "{written:?}");
    let logs: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(logs.as_array().unwrap().len(), 14, "with both exports");
    assert_eq!(logs[0]["action"], "AUDIT_LOGS_EXPORTED");
    assert_eq!(logs[0]["adminEmail"], "system");

    server.execute("UPDATE audit_logs SET details = '{}' WHERE target_id = 'T3'").await;
    server.execute("DELETE FROM audit_logs WHERE target_id = 'T5'").await;
    let broken = staka(&["verify"]).await;
    assert!(!broken.success && broken.stderr.contains("not what was sealed"), "{broken:?}");
    assert!(
        broken.stdout.contains("of seal 1 was changed") && broken.stdout.contains("of seal 1 was removed"),
        "{}",
        broken.stdout
    );
}
