//! Scripts that came as a whole to a runspace with a language: `winrm-script` evaluates them, and what they call is this
//! machine's.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use winrm_proto::clixml::{DateTime, InformationRecord, Value};
use winrm_proto::psrp::{Command, CommandKind, Merge};
use winrm_script::declaration::Declaration;
use winrm_script::evaluate::{self, Call, CallKind, Ending, Evaluator, Facts, Limits, Reply, Setup, Step};
use winrm_script::parse;
use winrm_script::value::Value as Item;

use super::super::Machine;
use super::binding::missing_mandatory;
use super::failure::{Problem, Target, not_simulated};
use super::filter;
use super::script_text::ScriptText;
use super::{
    Emission, Emissions, Fatal, Given, Lookup, Runspace, Scope, TypedArgument, TypedCommand, run_pipeline,
};

/// A script and what its parameters are given.
#[derive(Debug)]
pub(crate) struct WholeScript {
    text: String,
    parameters: Vec<(Option<String>, Item)>,
}

/// Why a script runs no further: nobody listens.
struct Abandoned;

impl WholeScript {
    /// The script that a statement is, where the runspace takes text and it is more than a pipeline of commands with
    /// constant arguments.
    pub(crate) fn asked(statement: &[Command], scope: &Scope) -> Option<Self> {
        let [Command { text, kind: CommandKind::Script, parameters, .. }] = statement else { return None };
        if !scope.has_language() || (parameters.is_empty() && ScriptText::read(text.as_str()).is_ok()) {
            return None;
        }
        let parameters = parameters.iter().map(|parameter| {
            let name = parameter.name.as_ref().map(|name| name.as_str().trim_start_matches('-').to_owned());
            (name, Item::from_clixml(&parameter.value))
        });
        Some(Self { text: text.to_string(), parameters: parameters.collect() })
    }

    /// Runs it to its end. An error that ends it is its last emission.
    pub(crate) async fn run(self, machine: &Machine, runspace: &Runspace, emissions: Emissions) {
        let running = Running { machine, runspace, emissions, error: None };
        match self.prepare(machine, runspace) {
            // Whoever left hears nothing.
            Ok(evaluator) => drop(running.evaluate(evaluator).await),
            Err(problem) => drop(running.fail(problem).await),
        }
    }

    fn prepare(self, machine: &Machine, runspace: &Runspace) -> Result<Evaluator, Problem> {
        let refused = |refusal: parse::Refusal| not_simulated(&refusal.to_string());
        let declaration = Declaration::read(&self.text).map_err(refused)?;
        let tree = parse::script(&self.text).map_err(refused)?;
        let text = self.text.clone();
        let arguments = self.bind(&declaration)?;
        let facts = facts(machine, runspace);
        // Its client stops it.
        let limits = Limits { time: Duration::MAX, ..Limits::default() };
        Ok(Evaluator::with_setup(&text, tree, Setup { facts, limits, arguments, ..Setup::default() }))
    }

    /// What PowerShell's binder would find wrong; types are converted, and defaults computed, when the script runs.
    fn bind(self, declaration: &Declaration) -> Result<Vec<(String, Item)>, Problem> {
        let mut arguments: Vec<(String, Item)> = Vec::new();
        for (name, value) in self.parameters {
            let Some(name) = name else {
                return Err(not_simulated("It takes a script's arguments by name."));
            };
            let declared = declaration.parameter(&name).ok_or_else(|| no_such_parameter(&name))?;
            if declared.failed(&value).is_some() {
                return Err(not_valid(&declared.name));
            }
            arguments.push((declared.name.clone(), value));
        }
        let is_given = |name: &str| arguments.iter().any(|(own, _)| own == name);
        match declaration.parameters.iter().find(|own| own.required && !is_given(&own.name)) {
            Some(missing) => Err(missing_mandatory(&missing.name)),
            None => Ok(arguments),
        }
    }
}

/// A script under way.
struct Running<'m> {
    machine: &'m Machine,
    runspace: &'m Runspace,
    emissions: Emissions,
    /// The last error, which may be the one that ends the script.
    error: Option<Emission>,
}

impl Running<'_> {
    async fn evaluate(mut self, mut evaluator: Evaluator) -> Result<(), Abandoned> {
        let began = Instant::now();
        loop {
            match evaluator.step(began.elapsed()) {
                Step::Output(value) => self.emit(Emission::Output(value)).await?,
                Step::Record(stream, value) => self.record(stream, value).await?,
                Step::Call(call) => {
                    let reply = self.call(*call).await?;
                    evaluator.answer(reply);
                }
                Step::Working => tokio::task::yield_now().await,
                Step::Sleep(time) => tokio::time::sleep(time).await,
                Step::Refused(refusal) => return self.fail(not_simulated(&refusal.to_string())).await,
                Step::Done(Ending::Complete) => return self.tell_error().await,
                Step::Done(Ending::Exit(code)) => return self.emit(Emission::Exit(code)).await,
                Step::Done(Ending::Failed) => {
                    return match self.error.take() {
                        Some(Emission::Error(record)) => self.emit(Emission::Fatal(Fatal(record))).await,
                        _ => Ok(()),
                    };
                }
            }
        }
    }

    async fn record(&mut self, stream: evaluate::Stream, value: Item) -> Result<(), Abandoned> {
        let text = || value.to_text().to_string();
        let emission = match stream {
            evaluate::Stream::Error => {
                self.tell_error().await?;
                self.error = evaluate::Failure::of_value(&value)
                    .map(|failure| Emission::Error(Box::new(filter::record(&failure))));
                return Ok(());
            }
            evaluate::Stream::Warning => Emission::Warning(text()),
            evaluate::Stream::Verbose => Emission::Verbose(text()),
            evaluate::Stream::Information => Emission::Information(Box::new(InformationRecord {
                message_data: value.to_clixml(),
                ..InformationRecord::default()
            })),
            evaluate::Stream::Debug => return Ok(()),
        };
        self.emit(emission).await
    }

    /// Has the machine do what the script calls.
    async fn call(&mut self, call: Call) -> Result<Reply, Abandoned> {
        self.tell_error().await?;
        let named = call.parameters.into_iter();
        let named = named.map(|(name, value)| TypedArgument::Named(name, Some(Given::of(value))));
        let others = call.arguments.into_iter().map(|value| TypedArgument::Positional(Given::of(value)));
        let arguments = named.chain(others).collect();
        let command = TypedCommand {
            name: call.name,
            lookup: Lookup::Shown,
            arguments,
            text: String::new(),
            merge: Merge::default(),
        };
        let input = (!call.input.is_empty()).then(|| queue_of(call.input));
        let (sender, mut receiver) = mpsc::channel(64);
        let running = run_pipeline(self.machine, self.runspace, vec![command], input, sender);
        let gathering = async {
            let mut reply = Reply::default();
            while let Some(emission) = receiver.recv().await {
                self.gather(emission, &mut reply).await?;
            }
            Ok(reply)
        };
        let (_, reply) = tokio::join!(running, gathering);
        let mut reply = reply?;
        if call.kind == CallKind::Program {
            reply.exit_code = self.runspace.last_exit_code();
        }
        Ok(reply)
    }

    /// What a command says is the script's to handle, but for what goes to whoever sits before the host.
    async fn gather(&self, emission: Emission, reply: &mut Reply) -> Result<(), Abandoned> {
        let message = |text: String| Item::string(text.as_str());
        match emission {
            Emission::Output(value) => reply.output.push(value),
            Emission::Error(record) => reply.errors.push(evaluate::Failure::of_record(&record)),
            Emission::Fatal(Fatal(record)) => {
                reply.terminating = Some(evaluate::Failure::of_record(&record));
            }
            Emission::Warning(text) => reply.records.push((evaluate::Stream::Warning, message(text))),
            Emission::Verbose(text) => reply.records.push((evaluate::Stream::Verbose, message(text))),
            Emission::Information(record) => {
                let data = Item::from_clixml(&record.message_data);
                reply.records.push((evaluate::Stream::Information, data));
            }
            other => return self.emissions.send(other).await.map_err(|_| Abandoned),
        }
        Ok(())
    }

    async fn emit(&mut self, emission: Emission) -> Result<(), Abandoned> {
        self.tell_error().await?;
        self.emissions.send(emission).await.map_err(|_| Abandoned)
    }

    /// Says the error that was held back: it has not ended the script.
    async fn tell_error(&mut self) -> Result<(), Abandoned> {
        match self.error.take() {
            Some(error) => self.emissions.send(error).await.map_err(|_| Abandoned),
            None => Ok(()),
        }
    }

    async fn fail(mut self, problem: Problem) -> Result<(), Abandoned> {
        let record = problem.record("", None, "");
        self.emit(Emission::Fatal(Fatal(Box::new(record)))).await
    }
}

fn queue_of(values: Vec<Item>) -> mpsc::Receiver<Item> {
    let (sender, receiver) = mpsc::channel(values.len().max(1));
    for value in values {
        // There is room for all of them.
        drop(sender.try_send(value));
    }
    receiver
}

fn facts(machine: &Machine, runspace: &Runspace) -> Facts {
    let now: Option<DateTime> = match machine.now().to_value() {
        Value::DateTime(now) => Some(now),
        _ => None,
    };
    let environment = runspace.environment();
    let environment = environment.beginning_with("");
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Facts { environment, now, version: Some("5.1.20348.2849".to_owned()), ..Facts::default() }
}

fn no_such_parameter(name: &str) -> Problem {
    Problem {
        message: format!("A parameter cannot be found that matches parameter name '{name}'."),
        category: "InvalidArgument",
        exception: "System.Management.Automation.ParameterBindingException",
        id: "NamedParameterNotFound",
        target: Target::Nothing,
    }
}

fn not_valid(name: &str) -> Problem {
    Problem {
        message: format!(
            "Cannot validate argument on parameter '{name}'. The argument does not fit the attributes of the parameter."
        ),
        category: "InvalidData",
        exception: "System.Management.Automation.ParameterBindingValidationException",
        id: "ParameterArgumentValidationError",
        target: Target::Nothing,
    }
}
