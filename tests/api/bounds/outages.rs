//! A database that is away, whatever it calls that.

use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use sqlx::Executor;
use staka::{app::AppState, http::ApiResult};

use crate::support::server::Setup;

/// Fails as a server in trouble does.
async fn fail(State(state): State<AppState>, Path(number): Path<u16>) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    let signal = format!("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'in trouble'");
    (&mut *conn).execute(sqlx::AssertSqlSafe(signal)).await?;
    Ok(())
}

#[tokio::test]
async fn not_now_is_503_and_never_is_500() {
    let server = Setup::default().routes(Router::new().route("/fail/{number}", get(fail))).start().await;
    for number in [
        1020, 1021, 1040, 1047, 1053, 1077, 1079, 1080, 1114, 1129, 1135, 1152, 1158, 1159, 1160, 1161, 1184,
        1203, 1205, 1213, 1226, 1290, 1317, 1836, 1927, 1969, 2002, 2003, 2006, 2013, 3024, 3168, 3169, 4031,
    ] {
        let answer = server.get(&format!("/fail/{number}")).await;
        answer.refused(503, "SERVICE_UNAVAILABLE");
        assert!(answer.header("retry-after").is_some(), "{number}");
    }
    for number in [1054, 1062, 1064, 1146, 1364, 1406, 1452] {
        server.get(&format!("/fail/{number}")).await.refused(500, "INTERNAL_ERROR");
    }
}
