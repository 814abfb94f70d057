//! Lets a refusal reach a client that is still sending.
//!
//! Closing a socket with unread data resets it, and the reset overtakes the answer: a browser would show a
//! network error instead of our 401 or 413. So what remains of a body nobody wants is read and thrown away
//! for a while, as nginx does with `lingering_close`.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::EXPECT;
use tokio::runtime::Handle;

/// How long the rest of an unwanted body is read.
const LINGER: Duration = Duration::from_secs(10);

/// A request body that is read to its end even when its handler drops it.
pub(super) struct Lingering<B: Body + Send + Unpin + 'static> {
    body: Option<B>,
    lingers: bool,
}

impl<B: Body + Send + Unpin + 'static> Lingering<B> {
    /// Watches over `body`. With `Expect: 100-continue` the client has sent nothing yet, and reading would
    /// ask for what is not wanted.
    pub(super) fn new(body: B, headers: &HeaderMap) -> Self {
        Self { body: Some(body), lingers: !headers.contains_key(EXPECT) }
    }
}

impl<B: Body + Send + Unpin + 'static> Body for Lingering<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(body).poll_frame(cx);
        // Nothing remains to be read after the end or after a failure.
        if let Poll::Ready(None | Some(Err(_))) = frame {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body + Send + Unpin + 'static> Drop for Lingering<B> {
    fn drop(&mut self) {
        let rest = self.body.take().filter(|body| self.lingers && !body.is_end_stream());
        if let (Some(rest), Ok(runtime)) = (rest, Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(LINGER, discard(rest)));
        }
    }
}

async fn discard<B: Body + Unpin>(mut body: B) {
    while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {}
}
