//! How many statements a request costs, counted on the wire between the server and its database.

use reqwest::RequestBuilder;

use super::{Answer, TestServer, send};

/// In the statement that looks up an account for its session, and in no other.
const SESSION: &str = "is_active, token_version\n";

/// What a request asked of the database.
#[derive(Debug)]
pub struct Statements {
    pub answer: Answer,
    /// Executed, in order, the look-up of the session aside.
    pub executed: Vec<String>,
    /// How often it looked up whose session it is: once, or not at all when a cache of two seconds remembers.
    pub sessions: usize,
    /// Prepared: none, once the server is warm.
    pub prepared: Vec<String>,
}

impl TestServer {
    /// Sends a request and notes what it asks of the database. On a server made with [`TestServer::counted`].
    pub async fn statements_of(&self, request: RequestBuilder) -> Statements {
        let wire = self.wire.as_ref().expect("TestServer::counted makes a server that counts");
        wire.count();
        let answer = send(request).await;
        let (mut executed, prepared) = wire.counted();
        let all = executed.len();
        executed.retain(|sql| !sql.contains(SESSION));
        Statements { answer, sessions: all - executed.len(), executed, prepared }
    }

    /// What the server asks of its database while something happens. On a server made with [`TestServer::counted`].
    pub async fn statements_during(&self, work: impl Future) -> Vec<String> {
        let wire = self.wire.as_ref().expect("TestServer::counted makes a server that counts");
        wire.count();
        work.await;
        wire.counted().0
    }

    /// Asserts that a request takes exactly so many statements once the server is warm, and prepares none of them.
    #[track_caller]
    pub fn assert_statements(
        &self,
        expected: usize,
        request: RequestBuilder,
    ) -> impl Future<Output = Answer> {
        let place = std::panic::Location::caller();
        async move {
            let cold = self.statements_of(request.try_clone().unwrap()).await;
            assert!(cold.answer.status.is_success(), "{place}: {}", cold.answer.text());
            let warm = self.statements_of(request).await;
            assert_eq!(warm.executed.len(), expected, "{place}: {:#?}", warm.executed);
            assert!(warm.prepared.is_empty(), "{place}: prepared again: {:#?}", warm.prepared);
            warm.answer
        }
    }
}
