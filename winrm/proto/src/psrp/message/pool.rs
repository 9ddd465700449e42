//! `INIT_RUNSPACEPOOL`, `RUNSPACEPOOL_INIT_DATA` and the host that both a pool and a pipeline can have.

use super::bag::Bag;
use super::{MessageError, MessageType, enumeration};
use crate::clixml::{Content, Object, Properties, Value};

/// How a pool is to be opened (MS-PSRP 2.2.2.2 `INIT_RUNSPACEPOOL`).
#[derive(Clone, PartialEq, Debug)]
pub struct InitRunspacePool {
    /// The least number of runspaces.
    pub min_runspaces: i32,
    /// The greatest number of runspaces, and so of pipelines at the same time.
    pub max_runspaces: i32,
    /// `PSThreadOptions`: 0 default, 1 use new thread, 2 reuse thread, 3 use current thread.
    pub thread_options: i32,
    /// `ApartmentState`: 0 STA, 1 MTA, 2 unknown.
    pub apartment_state: i32,
    /// The client's host.
    pub host: HostInfo,
    /// `$PSSenderInfo.ApplicationArguments`: a dictionary of primitive values, or null.
    pub application_arguments: Value,
}

/// What the client's host can do for the commands (MS-PSRP 2.2.3.14 `HostInfo`).
#[derive(Clone, PartialEq, Debug)]
pub struct HostInfo {
    /// There is no host: what needs one fails on the server.
    pub host_is_null: bool,
    /// The host has no user interface: prompts fail on the server, at once and with a clear error.
    pub ui_is_null: bool,
    /// The user interface has no raw console.
    pub raw_ui_is_null: bool,
    /// A pipeline uses the host that its pool has.
    pub use_runspace_host: bool,
    /// Colours and sizes of a raw console, not looked into.
    pub default_data: Option<Value>,
}

/// What a server has of the pool that a client connects to (MS-PSRP 2.2.2.29 `RUNSPACEPOOL_INIT_DATA`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunspacePoolInitData {
    /// The least number of runspaces.
    pub min_runspaces: i32,
    /// The greatest number of runspaces.
    pub max_runspaces: i32,
}

impl InitRunspacePool {
    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::InitRunspacePool, value };
        Ok(Self {
            min_runspaces: bag.int32("MinRunspaces")?,
            max_runspaces: bag.int32("MaxRunspaces")?,
            thread_options: bag.int32("PSThreadOptions")?,
            apartment_state: bag.int32("ApartmentState")?,
            host: HostInfo::from_bag(&bag)?,
            application_arguments: bag.optional("ApplicationArguments").cloned().unwrap_or_default(),
        })
    }

    pub(super) fn to_value(&self) -> Value {
        Value::bag(
            Properties::new()
                .with("MinRunspaces", self.min_runspaces)
                .with("MaxRunspaces", self.max_runspaces)
                .with("PSThreadOptions", thread_options(self.thread_options))
                .with("ApartmentState", apartment_state(self.apartment_state))
                .with("HostInfo", self.host.to_value())
                .with("ApplicationArguments", self.application_arguments.clone()),
        )
    }
}

impl HostInfo {
    /// No host. Exit codes still come as host calls; prompts are refused by the server.
    #[must_use]
    pub fn none() -> Self {
        Self {
            host_is_null: true,
            ui_is_null: true,
            raw_ui_is_null: true,
            // Other clients say so even of a pool, where it means nothing.
            use_runspace_host: true,
            default_data: None,
        }
    }

    /// A host that takes what commands write to it, and has no console.
    #[must_use]
    pub fn writes() -> Self {
        Self { host_is_null: false, ui_is_null: false, use_runspace_host: false, ..Self::none() }
    }

    /// For a pipeline: the host of its pool.
    #[must_use]
    pub fn of_the_pool() -> Self {
        Self::none()
    }

    pub(super) fn from_bag(bag: &Bag<'_>) -> Result<Self, MessageError> {
        let host = bag.inside(bag.required("HostInfo")?);
        Ok(Self {
            host_is_null: host.flag("_isHostNull")?,
            ui_is_null: host.flag("_isHostUINull")?,
            raw_ui_is_null: host.flag("_isHostRawUINull")?,
            use_runspace_host: host.flag("_useRunspaceHost")?,
            default_data: host.optional("_hostDefaultData").cloned(),
        })
    }

    pub(super) fn to_value(&self) -> Value {
        let properties = Properties::new()
            .with("_isHostNull", self.host_is_null)
            .with("_isHostUINull", self.ui_is_null)
            .with("_isHostRawUINull", self.raw_ui_is_null)
            .with("_useRunspaceHost", self.use_runspace_host);
        Value::bag(match &self.default_data {
            Some(data) => properties.with("_hostDefaultData", data.clone()),
            None => properties,
        })
    }
}

impl RunspacePoolInitData {
    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::RunspacePoolInitData, value };
        Ok(Self { min_runspaces: bag.int32("MinRunspaces")?, max_runspaces: bag.int32("MaxRunspaces")? })
    }

    pub(super) fn to_value(self) -> Value {
        Value::bag(
            Properties::new()
                .with("MinRunspaces", self.min_runspaces)
                .with("MaxRunspaces", self.max_runspaces),
        )
    }
}

/// A dictionary of primitive values, as application arguments and private data are.
pub(in crate::psrp) fn primitive_dictionary(entries: Vec<(Value, Value)>) -> Value {
    Value::object(Object {
        content: Content::Dictionary(entries),
        ..Object::typed(&[
            "System.Management.Automation.PSPrimitiveDictionary",
            "System.Collections.Hashtable",
            "System.Object",
        ])
    })
}

pub(super) fn apartment_state(number: i32) -> Value {
    const NAMES: [(i32, &str); 3] = [(0, "STA"), (1, "MTA"), (2, "UNKNOWN")];
    enumeration::value(
        enumeration::enum_type!("System.Management.Automation.Runspaces.ApartmentState"),
        &NAMES,
        number,
    )
}

fn thread_options(number: i32) -> Value {
    const NAMES: [(i32, &str); 4] =
        [(0, "Default"), (1, "UseNewThread"), (2, "ReuseThread"), (3, "UseCurrentThread")];
    enumeration::value(
        enumeration::enum_type!("System.Management.Automation.Runspaces.PSThreadOptions"),
        &NAMES,
        number,
    )
}
