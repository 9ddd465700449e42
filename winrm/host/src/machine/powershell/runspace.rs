//! What the pipelines of one runspace share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winrm_proto::clixml::Value;

use super::super::console::Environment;
use super::super::home_of;
use super::Scope;

/// A runspace: whose it is, what it sees, and what it remembers.
#[derive(Debug)]
pub(crate) struct Runspace {
    pub(crate) user: String,
    state: Mutex<State>,
    /// The variables of the process, which all runspaces of a shell share.
    environment: Arc<Mutex<Environment>>,
}

#[derive(Debug)]
struct State {
    scope: Arc<Scope>,
    variables: Visibility,
    /// `$LASTEXITCODE`, once a program ran.
    last_exit_code: Option<i32>,
}

/// Whether commands find the runspace's variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visibility {
    Public,
    Private,
}

impl Runspace {
    pub(crate) fn new(user: &str, scope: Arc<Scope>, environment: Arc<Mutex<Environment>>) -> Self {
        let state = State { scope, variables: Visibility::Public, last_exit_code: None };
        Self { user: user.to_owned(), state: Mutex::new(state), environment }
    }

    /// What it sees at present.
    pub(crate) fn scope(&self) -> Arc<Scope> {
        Arc::clone(&self.state().scope)
    }

    /// Changes what it sees.
    pub(super) fn set_scope(&self, scope: Scope) {
        self.state().scope = Arc::new(scope);
    }

    /// Takes the variables from its commands' sight.
    pub(super) fn hide_variables(&self) {
        self.state().variables = Visibility::Private;
    }

    /// The variables that its commands find.
    pub(super) fn variables(&self) -> Vec<(&'static str, Value)> {
        let state = self.state();
        if state.variables == Visibility::Private {
            return Vec::new();
        }
        let exit_code = state.last_exit_code.map(|code| ("LASTEXITCODE", Value::Int32(code)));
        let fixed = [("PSCulture", Value::from("en-US")), ("PWD", Value::from(home_of(&self.user).as_str()))];
        exit_code.into_iter().chain(fixed).collect()
    }

    /// The variables of its process.
    pub(super) fn environment(&self) -> MutexGuard<'_, Environment> {
        self.environment.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `$LASTEXITCODE`, once a program ran.
    pub(super) fn last_exit_code(&self) -> Option<i32> {
        self.state().last_exit_code
    }

    pub(super) fn set_last_exit_code(&self, code: i32) {
        self.state().last_exit_code = Some(code);
    }

    /// `RESET_RUNSPACE_STATE`: forgets what its pipelines left behind. What was hidden is public again, but for
    /// commands; the language stays as it is.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.last_exit_code = None;
        state.variables = Visibility::Public;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
