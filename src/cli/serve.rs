//! `winrm-mcp serve`: MCP on standard input and output, from the first byte to the last shell.

use std::time::Duration;

use rmcp::{
    service::{ServerInitializeError, serve_server_with_ct},
    transport::io::{StdioReader, StdioWriter, stdio_pipes},
};
use tokio_util::sync::CancellationToken;

use super::{
    exit::Exit,
    output::Console,
    setup::{self, Keep, Validity},
    signals,
    stdio::Watched,
};
use crate::{
    config,
    output::{SpoolLimits, SuccessCodes},
    remedy::Code,
    secret::Environment,
    server::Server,
};

/// Serves until the input ends or a signal comes.
pub(super) async fn run(environment: &Environment, arguments: &config::Arguments, console: &Console) -> Exit {
    let keep = Keep {
        spool: SpoolLimits::default(),
        written: SpoolLimits::default(),
        max_output: None,
        success_codes: SuccessCodes::default(),
    };
    let house = match setup::house(environment, arguments, keep, Validity::UntilChanged, console) {
        Ok(house) => house,
        Err(exit) => return exit,
    };
    let server = Server::new(house.clone());
    let (input, output) = stdio_pipes();
    let (input, watch) = Watched::new(input);
    let stop = CancellationToken::new();

    let serving = tokio::spawn(serve(server.clone(), (input, output), stop.clone()));
    tokio::select! {
        () = watch.ended.cancelled() => {}
        () = signals::interrupted() => {}
    }
    server.leave(GRACE, LEAVE).await;
    stop.cancel();
    let served = tokio::time::timeout(LEAVE, serving).await;
    house.shutdown(SHUTDOWN).await;
    match served {
        _ if !watch.any() && watch.ended.is_cancelled() => {
            console.error_line("winrm-mcp: no client and no command; did you mean `exec --`?");
            Exit::of(Code::Usage)
        }
        Ok(Ok(Err(error))) => initialize_failed(&error, console),
        _ => Exit::SUCCESS,
    }
}

/// From the handshake to the end of the input.
async fn serve(
    server: Server,
    transport: (Watched<StdioReader>, StdioWriter),
    stop: CancellationToken,
) -> Result<(), ServerInitializeError> {
    let running = serve_server_with_ct(server, transport, stop).await?;
    if let Err(error) = running.waiting().await {
        tracing::error!(%error, "the MCP service failed");
    }
    Ok(())
}

/// The input was not MCP, or ended in the middle of the handshake.
fn initialize_failed(error: &ServerInitializeError, console: &Console) -> Exit {
    match error {
        ServerInitializeError::Cancelled => Exit::SUCCESS,
        _ => {
            console.error_line(
                "winrm-mcp: the input is not an MCP client's: it began with something else than initialize",
            );
            Exit::of(Code::Usage)
        }
    }
}

/// After the end of input: calls that are about to end may do so …
const GRACE: Duration = Duration::from_millis(250);

/// … the others are stopped and have this long to answer …
const LEAVE: Duration = Duration::from_millis(250);

/// … and the hosts have this long to delete their shells. All of it stays within a second.
const SHUTDOWN: Duration = Duration::from_millis(400);
