//! Which parameters an object from the pipeline goes to.

use super::binder::Refusal;
use super::table::{Command, Parameter, ParameterSet, Variant};

/// What is known of an object, for binding it.
#[derive(Debug, Clone, Copy)]
pub struct Input<'object> {
    /// Its type names, the most special first, as PowerShell gives them: `System.IO.FileInfo`. For an object that came
    /// from a host without the `Deserialized.` before them.
    pub type_names: &'object [&'object str],
    /// The names of its properties.
    pub properties: &'object [&'object str],
}

/// The parameters that an object from the pipeline goes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InputBinding<'object> {
    /// The parameter that takes the whole object.
    pub whole: Option<Parameter>,
    /// The parameters that take properties of the object.
    pub properties: Vec<(Parameter, &'object str)>,
}

impl Command {
    /// Binds an object from the pipeline, as PowerShell does: whole to the parameter of its type; then by property
    /// name; then, for strings and numbers, whole to a parameter that they can be converted to.
    ///
    /// `given` are the full names of the parameters that the command line binds.
    ///
    /// # Errors
    /// [`Refusal::NoInput`] where no parameter takes it, and where several would.
    pub fn bind_input<'object>(
        self,
        given: &[&str],
        object: Input<'object>,
    ) -> Result<InputBinding<'object>, Refusal> {
        let has_all = |variant: &Variant| {
            given.iter().all(|name| variant.parameters().any(|parameter| parameter.is_called(name)))
        };
        let mut refusal = Refusal::NoInput(self.name());
        for variant in self.variants().filter(has_all) {
            match Taking::new(self, variant, given).bind(object) {
                Ok(binding) => return Ok(binding),
                Err(found) => refusal = found,
            }
        }
        Err(refusal)
    }
}

/// The parameters that are still free, and the sets that are still possible.
struct Taking {
    command: Command,
    free: Vec<(Parameter, Vec<ParameterSet>)>,
    sets: u64,
}

impl Taking {
    fn new(command: Command, variant: Variant, given: &[&str]) -> Self {
        let mut sets = u64::MAX;
        let mut free = Vec::new();
        for parameter in variant.parameters() {
            if given.iter().any(|name| parameter.is_called(name)) {
                sets &= parameter.mask();
            } else {
                free.push((
                    parameter,
                    parameter.sets().filter(|set| set.by_value || set.by_property_name).collect(),
                ));
            }
        }
        Self { command, free, sets }
    }

    fn bind(mut self, object: Input<'_>) -> Result<InputBinding<'_>, Refusal> {
        let mut binding =
            InputBinding { whole: self.by_value(|name| is_of_type(object, name))?, properties: Vec::new() };
        binding.properties = self.by_property(object);
        if binding.whole.is_none() && binding.properties.is_empty() {
            binding.whole = self.by_value(|name| converts(object, name))?;
        }
        if binding.whole.is_none() && binding.properties.is_empty() {
            return Err(Refusal::NoInput(self.command.name()));
        }
        Ok(binding)
    }

    /// The one parameter of a fitting type that takes whole objects. `object` and `psobject` only count where no
    /// other does.
    fn by_value(&mut self, fits: impl Fn(&str) -> bool) -> Result<Option<Parameter>, Refusal> {
        let sets = self.sets;
        let possible = |wanted: &dyn Fn(&str) -> bool| -> Vec<Parameter> {
            let takes =
                |facts: &[ParameterSet]| facts.iter().any(|set| set.by_value && set.bit() & sets != 0);
            self.free
                .iter()
                .filter(|(parameter, facts)| takes(facts) && wanted(element(parameter.type_name())))
                .map(|(parameter, _)| *parameter)
                .collect()
        };
        let mut found = possible(&fits);
        if found.is_empty() {
            found = possible(&|name| matches!(name, "object" | "psobject"));
        }
        match found.as_slice() {
            [] => Ok(None),
            [only] => {
                self.take(*only, |set| set.by_value);
                Ok(Some(*only))
            }
            _ => Err(Refusal::AmbiguousValue {
                candidates: found.iter().map(|parameter| format!("`-{}`", parameter.name())).collect(),
            }),
        }
    }

    /// Every free parameter that takes a property that there is. A name counts before an alias.
    fn by_property<'object>(&mut self, object: Input<'object>) -> Vec<(Parameter, &'object str)> {
        let mut found = Vec::new();
        for (parameter, facts) in self.free.clone() {
            let takes = facts.iter().any(|set| set.by_property_name && set.bit() & self.sets != 0);
            let named = |name: &str| {
                object.properties.iter().copied().find(|property| property.eq_ignore_ascii_case(name))
            };
            let property = named(parameter.name()).or_else(|| parameter.aliases().find_map(named));
            if let Some(property) = property.filter(|_| takes) {
                self.take(parameter, |set| set.by_property_name);
                found.push((parameter, property));
            }
        }
        found
    }

    fn take(&mut self, parameter: Parameter, how: impl Fn(&ParameterSet) -> bool) {
        if let Some(place) = self.free.iter().position(|(other, _)| other.is(parameter)) {
            let (_, facts) = self.free.remove(place);
            self.sets &= facts.into_iter().filter(how).fold(0, |mask, set| mask | set.bit());
        }
    }
}

fn is_of_type(object: Input<'_>, parameter: &str) -> bool {
    object.type_names.iter().any(|name| short(name).eq_ignore_ascii_case(parameter))
}

/// Strings and numbers become one another; nothing else is known to be converted.
fn converts(object: Input<'_>, parameter: &str) -> bool {
    let basic = |name: &str| BASIC.iter().any(|basic| basic.eq_ignore_ascii_case(name));
    object.type_names.first().is_some_and(|name| basic(short(name))) && basic(parameter)
}

/// `System.ServiceProcess.ServiceController` is `ServiceController`, `System.Int32` is `int`, and
/// `Microsoft.Management.Infrastructure.CimInstance#Root/A/MSFT_B` is `CimInstance#MSFT_B`.
fn short(name: &str) -> &str {
    let name = name.strip_prefix("Microsoft.Management.Infrastructure.").unwrap_or(name);
    if let Some((_, class)) = name.split_once('#') {
        // The table writes a class without its namespace.
        return if class.contains('/') { "" } else { name };
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    NUMBERS.iter().find(|(long, _)| long.eq_ignore_ascii_case(last)).map_or(last, |(_, short)| short)
}

fn element(type_name: &str) -> &str {
    type_name.strip_suffix("[]").unwrap_or(type_name)
}

const NUMBERS: [(&str, &str); 8] = [
    ("Boolean", "bool"),
    ("Int16", "int16"),
    ("Int32", "int"),
    ("Int64", "long"),
    ("PSCustomObject", "psobject"),
    ("PSObject", "psobject"),
    ("Single", "float"),
    ("UInt32", "uint32"),
];

const BASIC: [&str; 10] =
    ["string", "int", "long", "uint32", "uint64", "double", "decimal", "int16", "uint16", "guid"];

#[cfg(test)]
mod tests {
    use super::Input;
    use crate::commands::{Refusal, find};

    /// What takes the whole object, then what takes which property.
    fn bind(
        command: &str,
        given: &[&str],
        type_names: &[&str],
        properties: &[&str],
    ) -> Result<String, Refusal> {
        let command = find(command).expect("it is in the table");
        let binding = command.bind_input(given, Input { type_names, properties })?;
        let whole = binding.whole.map(|parameter| parameter.name().to_owned());
        let properties =
            binding.properties.iter().map(|(parameter, property)| format!("{}={property}", parameter.name()));
        Ok(whole.into_iter().chain(properties).collect::<Vec<_>>().join(" "))
    }

    const FILE: &[&str] = &["System.IO.FileInfo", "System.IO.FileSystemInfo", "System.Object"];
    const SERVICE: &[&str] = &["System.ServiceProcess.ServiceController", "System.Object"];
    const TEXT: &[&str] = &["System.String", "System.Object"];

    #[test]
    fn objects_go_where_powershell_puts_them() {
        assert_eq!(bind("Stop-Service", &[], SERVICE, &["Name", "Status"]), Ok("InputObject".to_owned()));
        assert_eq!(bind("Start-Service", &["PassThru"], TEXT, &["Length"]), Ok("Name".to_owned()));
        assert_eq!(
            bind("Remove-Item", &["Recurse"], FILE, &["PSPath", "Name", "FullName"]),
            Ok("LiteralPath=PSPath".to_owned())
        );
        assert_eq!(bind("Remove-Item", &[], TEXT, &["Length"]), Ok("Path".to_owned()));
        assert_eq!(
            bind(
                "Add-DhcpServerv4Reservation",
                &["PassThru"],
                &["System.Object"],
                &["ScopeId", "IPAddress", "ClientId"]
            ),
            Ok("ScopeId=ScopeId IPAddress=IPAddress ClientId=ClientId".to_owned())
        );
        let task: &[&str] = &[
            "Microsoft.Management.Infrastructure.CimInstance#Root/Microsoft/Windows/TaskScheduler/MSFT_ScheduledTask",
            "Microsoft.Management.Infrastructure.CimInstance#MSFT_ScheduledTask",
            "Microsoft.Management.Infrastructure.CimInstance",
        ];
        assert_eq!(bind("Disable-ScheduledTask", &[], task, &["TaskName"]), Ok("InputObject".to_owned()));
        assert_eq!(bind("Set-Content", &["Path"], TEXT, &["Length"]), Ok("Value".to_owned()));
        assert_eq!(bind("Stop-Process", &[], &["System.Int32"], &[]), Err(Refusal::NoInput("Stop-Process")));
    }
}
