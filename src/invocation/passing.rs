//! What commands write, passed on to whoever watches while they work.

use tokio::sync::mpsc;

use super::walk::Watcher;
use crate::{
    output::Objects,
    session::{Called, SessionError, Written},
};

/// Lets commands work, and passes on what they write as it comes.
pub(super) async fn passing_on(
    call: impl Future<Output = Result<Called, SessionError>>,
    mut taken: mpsc::Receiver<Written>,
    objects: &mut Objects,
    watcher: &Watcher,
) -> Result<Called, SessionError> {
    let mut call = std::pin::pin!(call);
    loop {
        tokio::select! {
            biased;
            Some(written) = taken.recv() => take(written, objects),
            called = &mut call => {
                while let Ok(written) = taken.try_recv() {
                    take(written, objects);
                }
                pass_on(objects, watcher).await;
                return called;
            }
        }
        pass_on(objects, watcher).await;
    }
}

fn take(written: Written, objects: &mut Objects) {
    match written {
        Written::Output(value) => objects.output(&value),
        Written::Record(stream, value) => objects.record(stream, &value),
    }
}

/// Passes on what was written since the last time.
pub(super) async fn pass_on(objects: &mut Objects, watcher: &Watcher) {
    for piece in objects.fresh() {
        // A watcher that left needs nothing more.
        drop(watcher.send(piece).await);
    }
}
