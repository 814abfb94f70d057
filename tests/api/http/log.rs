//! Reads what the thread of one test logs.
//!
//! One subscriber serves the whole process: subscribers that come and go per test would race with the
//! registration of call sites on other threads, and lines would go missing.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use tracing_subscriber::filter::LevelFilter;

thread_local! {
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Starts to keep the lines of this thread. The test and its server share it: one runtime, one thread.
pub fn capture() {
    static SUBSCRIBE: Once = Once::new();
    SUBSCRIBE.call_once(|| {
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true);
        subscriber.with_max_level(LevelFilter::INFO).with_writer(|| ThreadLines).init();
    });
    LINES.set(Some(Vec::new()));
}

/// What was logged since [`capture`].
pub fn text() -> String {
    LINES.with_borrow(|lines| String::from_utf8(lines.clone().unwrap()).unwrap())
}

struct ThreadLines;

impl io::Write for ThreadLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
