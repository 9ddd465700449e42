//! `winrm-mcp exec`: one command on one host, with an exit code that can be trusted.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use super::{
    arguments,
    exit::Exit,
    input::{self, InputError},
    output::Console,
    setup::{self, Keep, Validity},
    signals::{Signal, Signals},
    width,
};
use crate::{
    call::{Call, CallId, HostName, Mode, NoRandomBytes, Outcome, Principal, Purpose, Ran, StopReason, Work},
    config,
    invocation::{self, Done, Failure, House, Job, Options, Progress},
    output::{
        Channel, Ending, ExitSource, Piece, Report, Screen, SpoolLimits, Step, StepOutcome, SuccessCodes,
        View,
    },
    remedy::{Code, Remedy},
    reviewed::{ArgumentFault, Script},
    secret::Environment,
};

/// Runs the command and passes its exit code on.
pub(super) async fn run(
    arguments: arguments::Exec,
    environment: &Environment,
    settings: &config::Arguments,
    console: &Console,
) -> Exit {
    let success_codes = SuccessCodes::new(arguments.success_codes.iter().copied());
    let spool = if arguments.json { WHOLE } else { NOTHING };
    let keep = Keep { spool, written: WHOLE, max_output: Some(usize::MAX), success_codes };
    let house = match setup::house(environment, settings, keep, Validity::Whole, console) {
        Ok(house) => house,
        Err(exit) => return exit,
    };
    let call = match call(&arguments, environment, &house) {
        Ok(call) => call,
        Err(error) => return Exit::failed(console, &error),
    };
    let (watcher, shown) = mpsc::channel(PIECES);
    let watcher = (!arguments.json).then_some(watcher);
    let options = Options { view: view(&arguments), watcher, ..Options::of("exec") };
    let screen = Screen::new(options.view.width);
    let job = invocation::start(house.clone(), call, options);
    let mut signals = Signals::listen();
    let ended = follow(job, shown, screen, &mut signals, console).await;
    let exit = match ended {
        Ended::Done(done) => tell(*done, &arguments, console),
        Ended::Failed => Exit::of(Code::Internal),
        Ended::AtOnce(signal) => return Exit::by(signal),
    };
    tokio::select! {
        () = house.shutdown(SHUTDOWN) => exit,
        signal = signals.next() => Exit::by(signal),
    }
}

/// How a job ended.
enum Ended {
    Done(Box<Done>),
    /// By a bug of ours.
    Failed,
    /// It was stopped and a second signal came, so nobody waits for it any more.
    AtOnce(Signal),
}

/// Prints output as it comes, until the job has ended. A signal, or a reader that left, stops it; a second signal ends
/// the wait for it.
async fn follow(
    mut job: Job,
    mut shown: mpsc::Receiver<Piece>,
    mut screen: Screen,
    signals: &mut Signals,
    console: &Console,
) -> Ended {
    let mut stopping = false;
    let at = job.progress();
    let mut told = Progress::default();
    let mut seconds = tokio::time::interval_at(Instant::now() + PATIENCE, PATIENCE);
    loop {
        tokio::select! {
            biased;
            signal = signals.next() => {
                if stopping {
                    return Ended::AtOnce(signal);
                }
                stopping = true;
                job.cancel();
            }
            Some(piece) = shown.recv() => {
                write(screen.take(piece, Instant::now().into_std()), console);
                if console.gone() {
                    stopping = true;
                    job.cancel();
                }
            }
            done = job.wait() => {
                write(screen.end(), console);
                return done.map_or(Ended::Failed, |done| Ended::Done(Box::new(done)));
            }
            () = at_time(screen.due()) => write(screen.settle(), console),
            // What takes long is named to a person who waits for it.
            _ = seconds.tick(), if console.is_watched() => {
                let now = at.borrow().clone();
                if now != told {
                    console.error_line(format_args!("winrm-mcp: {now}"));
                    told = now;
                }
            }
        }
    }
}

fn write(shown: Vec<(Channel, String)>, console: &Console) {
    for (channel, text) in shown {
        match channel {
            Channel::Stdout => console.out(text),
            Channel::Stderr => console.error(text),
        }
    }
}

/// Waits for a time, where there is one.
async fn at_time(time: Option<std::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

/// Tells how it ended, and gives the exit code.
fn tell(mut done: Done, arguments: &arguments::Exec, console: &Console) -> Exit {
    let exit = exit(&done, arguments, console);
    if arguments.json {
        if done.report.exit.is_none() {
            let code = Some(i32::from(exit.number()));
            done.report.exit = Some(crate::output::Exit { code, source: ExitSource::Local });
        }
        console.line(serde_json::to_string(&done.report).unwrap_or_default());
    } else {
        explain(&done, exit, console);
    }
    exit
}

fn exit(done: &Done, arguments: &arguments::Exec, console: &Console) -> Exit {
    if console.gone() {
        return Exit::BROKEN_PIPE;
    }
    match done.report.ending() {
        Ending::Sent(Outcome::Completed { exit_code: Some(code) }) => {
            Exit::remote(*code, &arguments.success_codes)
        }
        Ending::Sent(Outcome::Stopped(reason) | Outcome::StillRunning(reason)) => Exit::of(match reason {
            StopReason::Deadline => Code::TimedOut,
            StopReason::Cancelled => Code::Interrupted,
        }),
        Ending::Sent(_) | Ending::Running { .. } => Exit::of(Code::Remote),
        Ending::Denied(_) | Ending::Failed { .. } => {
            Exit::of(done.failure.as_ref().map_or(Code::Internal, Remedy::code))
        }
    }
}

/// What people need to know beside the output, on standard error.
fn explain(done: &Done, exit: Exit, console: &Console) {
    let say = |text: &str| console.error_line(format_args!("winrm-mcp: {text}"));
    if console.gone() {
        return;
    }
    let ran = steps(&done.report);
    if let Some(failure) = &done.failure {
        let _same = Exit::failed(console, failure);
        if let Some(hint) = failure.operator_hint() {
            console.error_line(format_args!("  to allow it: {hint}"));
        }
        console.error(ran);
        return;
    }
    let time = |what: &str| format!("timed out after {:.0} s; {what}", done.report.execution_time_seconds);
    let stopped = match done.report.ran {
        Ran::No => "nothing ran on the host",
        Ran::Yes | Ran::Unknown => "the remote command was stopped",
    };
    match done.report.ending() {
        Ending::Sent(Outcome::Completed { exit_code: Some(code) })
            if i32::from(exit.number()) != *code && *code != 0 =>
        {
            say(&format!("the remote exit code is {code}"));
        }
        Ending::Sent(Outcome::Completed { exit_code: None }) => say("the host named no exit code"),
        Ending::Sent(Outcome::Stopped(StopReason::Deadline)) => say(&time(stopped)),
        Ending::Sent(Outcome::StillRunning(StopReason::Deadline)) => say(&time("it may still run")),
        Ending::Sent(Outcome::Stopped(StopReason::Cancelled)) => say(&format!("interrupted; {stopped}")),
        Ending::Sent(Outcome::StillRunning(StopReason::Cancelled)) => say("interrupted; it may still run"),
        Ending::Sent(Outcome::Unknown) => say("the connection was lost; the command may have run"),
        _ => return,
    }
    if !matches!(done.report.ending(), Ending::Sent(Outcome::Completed { .. })) {
        console.error(ran);
    }
}

/// What ran of a script and what did not, a line each; nothing where the call was one command.
fn steps(report: &Report) -> String {
    let steps = &report.data.steps;
    let line = |step: &Step| format!("  {}. {}: {}\n", step.number, step.command, step.outcome.words());
    match steps.as_slice() {
        [] => String::new(),
        // Where it is all that there is, it is what the sentence before is about.
        [only] if !matches!(only.outcome, StepOutcome::Completed | StepOutcome::Failed) => String::new(),
        steps => steps.iter().map(line).collect(),
    }
}

/// How objects are shown: a table as wide as the terminal.
fn view(arguments: &arguments::Exec) -> View {
    let standard = View::default();
    View {
        select: arguments.select.clone(),
        depth: arguments.depth.unwrap_or(standard.depth),
        max_items: usize::MAX,
        width: width::of_terminal().unwrap_or(standard.width),
    }
}

/// Continuous integration says so, by custom of all of them.
fn purpose(environment: &Environment) -> Purpose {
    let ci = environment.text("CI").ok().flatten().is_some_and(|value| !matches!(value, "" | "0" | "false"));
    if ci { Purpose::Ci } else { Purpose::User }
}

/// Makes the call of the arguments.
fn call(arguments: &arguments::Exec, environment: &Environment, house: &House) -> Result<Call, ExecError> {
    let host = match &arguments.host {
        Some(name) => HostName::new(name),
        None => house.world().inventory.only().map_err(Failure::from)?.name.clone(),
    };
    let id = CallId::random()?;
    Ok(Call {
        id,
        principal: Principal::local(),
        host,
        work: work(arguments, house)?,
        purpose: arguments.purpose.map_or_else(|| purpose(environment), Purpose::from),
        mode: Mode::Run,
        timeout: arguments.timeout,
    })
}

fn work(arguments: &arguments::Exec, house: &House) -> Result<Work, ExecError> {
    if let Some(name) = &arguments.reviewed {
        return Ok(Script::named(&house.world().policy, name)?.given_words(&arguments.words)?);
    }
    if let Some(script) = &arguments.script {
        return Ok(Work::PowerShell { text: input::text(script)? });
    }
    let words = arguments.words.clone();
    if !arguments.native {
        return Ok(Work::Words { words });
    }
    let mut words = words.into_iter();
    Ok(Work::Program {
        executable: words.next().unwrap_or_default(),
        arguments: words.collect(),
        stdin: arguments.stdin.as_deref().map(input::bytes).transpose()?,
        working_directory: arguments.working_directory.clone(),
    })
}

/// Why there is no call.
#[derive(Debug, thiserror::Error)]
enum ExecError {
    #[error(transparent)]
    Host(#[from] Failure),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Reviewed(#[from] ArgumentFault),
    #[error(transparent)]
    NoRandomBytes(#[from] NoRandomBytes),
}

impl Remedy for ExecError {
    fn code(&self) -> Code {
        match self {
            Self::Host(failure) => failure.code(),
            Self::Reviewed(error) => error.code(),
            Self::NoRandomBytes(error) => error.code(),
            Self::Input(error) => error.code(),
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Host(failure) => failure.fix(),
            Self::Input(error) => error.fix(),
            Self::Reviewed(error) => error.fix(),
            Self::NoRandomBytes(error) => error.fix(),
        }
    }
}

/// Pieces of output that wait for a slow terminal.
const PIECES: usize = 16;

/// Output that is printed as it comes need not be kept; JSON holds all of it, up to what a process can bear.
const NOTHING: SpoolLimits = SpoolLimits { head: 0, tail: 0 };
const WHOLE: SpoolLimits = SpoolLimits { head: 128 << 20, tail: 128 << 20 };

/// How often a person who waits hears of a new step.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the host has to delete the shell.
const SHUTDOWN: Duration = Duration::from_secs(5);
