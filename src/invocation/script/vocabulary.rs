use winrm_script::{
    check::{Use, Vocabulary},
    evaluate::{Known, Session},
};

/// What the evaluator knows, and the functions of a session.
pub(super) struct WithFunctions<'s> {
    session: &'s Session,
}

impl<'s> WithFunctions<'s> {
    pub(super) fn of(session: &'s Session) -> Self {
        Self { session }
    }
}

impl Vocabulary for WithFunctions<'_> {
    fn has_type(&self, name: &str) -> bool {
        Known.has_type(name)
    }

    fn has_static(&self, type_name: &str, member: &str, use_of: Use) -> bool {
        Known.has_static(type_name, member, use_of)
    }

    fn has_method(&self, name: &str) -> bool {
        Known.has_method(name)
    }

    fn has_automatic(&self, name: &str) -> bool {
        Known.has_automatic(name)
    }

    fn has_environment(&self, name: &str) -> bool {
        Known.has_environment(name)
    }

    fn evaluates(&self, command: &str) -> bool {
        Known.evaluates(command)
    }

    fn has_function(&self, name: &str) -> bool {
        self.session.functions().any(|own| own.to_lowercase() == name)
    }
}
