//! `System.Management.Automation.ProgressRecord`.

use std::fmt;

use super::{number, text};
use crate::clixml::escape;
use crate::clixml::object::Properties;
use crate::clixml::string::PsString;
use crate::clixml::value::Value;
use crate::xml::Writer;

/// How far something is (MS-PSRP 2.2.5.1.25 and 2.2.2.25 `PROGRESS_RECORD`).
#[derive(Clone, PartialEq, Debug)]
pub struct ProgressRecord {
    /// What is being done.
    pub activity: PsString,
    /// Tells activities apart.
    pub activity_id: i32,
    /// What state it is in.
    pub status_description: PsString,
    /// What part of it is being done.
    pub current_operation: Option<PsString>,
    /// The activity that this one is a part of, or −1.
    pub parent_activity_id: i32,
    /// 0 to 100, or −1 where it is not known.
    pub percent_complete: i32,
    /// Whether the activity is over.
    pub record_type: ProgressRecordType,
    /// Seconds left, or −1 where it is not known.
    pub seconds_remaining: i32,
}

/// Whether an activity goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ProgressRecordType {
    /// It goes on.
    Processing,
    /// It is over.
    Completed,
}

impl ProgressRecord {
    /// Reads the record out of a `PROGRESS_RECORD` message or a `<PR>` value.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        if let Value::Progress(record) = value {
            return Some(record.as_ref().clone());
        }
        Some(Self {
            activity: text(value, "Activity")?,
            activity_id: number(value, "ActivityId")?,
            status_description: text(value, "StatusDescription").unwrap_or_default(),
            current_operation: text(value, "CurrentOperation"),
            parent_activity_id: number(value, "ParentActivityId").unwrap_or(NONE),
            percent_complete: number(value, "PercentComplete").unwrap_or(NONE),
            record_type: match number(value, "Type") {
                Some(1) => ProgressRecordType::Completed,
                _ => ProgressRecordType::Processing,
            },
            seconds_remaining: number(value, "SecondsRemaining").unwrap_or(NONE),
        })
    }

    /// The body of a `PROGRESS_RECORD` message.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let (name, code) = self.record_type.named();
        Value::bag(
            Properties::new()
                .with("Activity", self.activity.clone())
                .with("ActivityId", self.activity_id)
                .with("StatusDescription", self.status_description.clone())
                .with("CurrentOperation", self.current_operation.clone())
                .with("ParentActivityId", self.parent_activity_id)
                .with("PercentComplete", self.percent_complete)
                .with(
                    "Type",
                    Value::enumeration("System.Management.Automation.ProgressRecordType", name, code),
                )
                .with("SecondsRemaining", self.seconds_remaining),
        )
    }

    /// Writes the children of `<PR>`.
    pub(in crate::clixml) fn write(&self, xml: &mut Writer) {
        xml.element("AV", &escape::encode(&self.activity));
        xml.element("AI", &self.activity_id.to_string());
        match &self.current_operation {
            Some(operation) => xml.element("S", &escape::encode(operation)),
            None => xml.element("Nil", ""),
        };
        xml.element("PI", &self.parent_activity_id.to_string());
        xml.element("PC", &self.percent_complete.to_string());
        xml.element("T", self.record_type.named().0);
        xml.element("SR", &self.seconds_remaining.to_string());
        xml.element("SD", &escape::encode(&self.status_description));
    }
}

impl Default for ProgressRecord {
    fn default() -> Self {
        Self {
            activity: PsString::default(),
            activity_id: 0,
            status_description: PsString::default(),
            current_operation: None,
            parent_activity_id: NONE,
            percent_complete: NONE,
            record_type: ProgressRecordType::Processing,
            seconds_remaining: NONE,
        }
    }
}

impl fmt::Display for ProgressRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.activity)?;
        if !self.status_description.as_str().trim().is_empty() {
            write!(f, ": {}", self.status_description)?;
        }
        if self.percent_complete >= 0 {
            write!(f, " ({} %)", self.percent_complete)?;
        }
        Ok(())
    }
}

impl ProgressRecordType {
    fn named(self) -> (&'static str, i32) {
        match self {
            Self::Processing => ("Processing", 0),
            Self::Completed => ("Completed", 1),
        }
    }
}

/// What PowerShell writes for "not known" and "none".
const NONE: i32 = -1;
