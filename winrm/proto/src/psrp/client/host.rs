//! Our host: it answers what needs nobody, and refuses the rest.

use uuid::Uuid;

use super::RunspacePool;
use super::event::HostAnswer;
use crate::clixml::{Properties, Value, Version};
use crate::psrp::error::Error;
use crate::psrp::message::{HostCall, HostMethod, HostReply, HostResponse};

impl RunspacePool {
    /// Answers a host call where an answer is wanted.
    pub(super) fn answer(&mut self, pipeline: Option<Uuid>, call: &HostCall) -> Result<HostAnswer, Error> {
        if !call.wants_reply() {
            return Ok(HostAnswer::NotWanted);
        }
        let (response, answer) = match self.reply(call.method) {
            Some(reply) => (HostResponse { call: call.call, method: call.method, reply }, HostAnswer::Given),
            None => (HostResponse::refusal(call), HostAnswer::Refused),
        };
        self.send_response(pipeline, response)?;
        Ok(answer)
    }

    fn reply(&self, method: HostMethod) -> Option<HostReply> {
        Some(HostReply::Value(match method {
            HostMethod::GetName => self.host_name.clone().into(),
            HostMethod::GetVersion => Version::new(1, 0).into(),
            HostMethod::GetInstanceId => self.id().into(),
            HostMethod::GetCurrentCulture | HostMethod::GetCurrentUICulture => "en-US".into(),
            HostMethod::GetForegroundColor => GREY.into(),
            HostMethod::GetBackgroundColor => BLACK.into(),
            HostMethod::GetCursorPosition | HostMethod::GetWindowPosition => coordinates(0, 0),
            HostMethod::GetCursorSize => 25.into(),
            HostMethod::GetBufferSize
            | HostMethod::GetWindowSize
            | HostMethod::GetMaxWindowSize
            | HostMethod::GetMaxPhysicalWindowSize => size(120, 50),
            HostMethod::GetWindowTitle => "".into(),
            HostMethod::GetKeyAvailable | HostMethod::GetIsRunspacePushed => false.into(),
            HostMethod::SetShouldExit
            | HostMethod::NotifyBeginApplication
            | HostMethod::NotifyEndApplication
            | HostMethod::Write1
            | HostMethod::Write2
            | HostMethod::WriteLine1
            | HostMethod::WriteLine2
            | HostMethod::WriteLine3
            | HostMethod::WriteErrorLine
            | HostMethod::WriteDebugLine
            | HostMethod::WriteProgress
            | HostMethod::WriteVerboseLine
            | HostMethod::WriteWarningLine
            | HostMethod::FlushInputBuffer => return Some(HostReply::Done),
            _ => return None,
        }))
    }
}

/// A host type as it travels: its name and its fields (MS-PSRP 2.2.6.1).
fn host_object(type_name: &str, fields: Properties) -> Value {
    Value::bag(Properties::new().with("T", type_name).with("V", Value::bag(fields)))
}

fn coordinates(x: i32, y: i32) -> Value {
    host_object("System.Management.Automation.Host.Coordinates", Properties::new().with("x", x).with("y", y))
}

fn size(width: i32, height: i32) -> Value {
    host_object(
        "System.Management.Automation.Host.Size",
        Properties::new().with("width", width).with("height", height),
    )
}

/// `ConsoleColor`.
const BLACK: i32 = 0;
const GREY: i32 = 7;
