//! `<PR>`, the one value with children that have names of their own (MS-PSRP 2.2.5.1.25).

use std::sync::Arc;

use super::Reading;
use super::error::{DecodeError, unexpected};
use crate::clixml::escape;
use crate::clixml::primitive::parse_integer;
use crate::clixml::record::{ProgressRecord, ProgressRecordType};
use crate::clixml::string::PsString;
use crate::clixml::value::Value;

impl Reading<'_, '_> {
    /// Reads the children of the `<PR>` that was just opened: all of them, in their order. What PowerShell's own record
    /// cannot be is refused.
    pub(super) fn progress(&mut self) -> Result<Value, DecodeError> {
        let record = ProgressRecord {
            activity: self.text("AV")?,
            activity_id: self.number("AI")?,
            current_operation: self.operation()?,
            parent_activity_id: self.number("PI")?,
            percent_complete: self.number("PC")?,
            record_type: self.record_type()?,
            seconds_remaining: self.number("SR")?,
            status_description: self.text("SD")?,
        };
        if let Some(extra) = self.child()? {
            return Err(unexpected(&extra));
        }
        let wrong = |element| Err(DecodeError::Primitive { element });
        match &record {
            ProgressRecord { activity, .. } if activity.as_str().is_empty() => wrong("AV"),
            ProgressRecord { status_description, .. } if status_description.as_str().is_empty() => {
                wrong("SD")
            }
            ProgressRecord { activity_id, .. } if *activity_id < 0 => wrong("AI"),
            ProgressRecord { percent_complete, .. } if *percent_complete > 100 => wrong("PC"),
            ProgressRecord { parent_activity_id, activity_id, .. } if parent_activity_id == activity_id => {
                wrong("PI")
            }
            _ => Ok(Value::Progress(Arc::new(record))),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<PsString, DecodeError> {
        let element = self.child()?.ok_or(DecodeError::MissingElement(name))?;
        if element.local() != name {
            return Err(unexpected(&element));
        }
        Ok(escape::decode(&self.xml.text_content()?))
    }

    fn number(&mut self, name: &'static str) -> Result<i32, DecodeError> {
        let text = self.text(name)?;
        parse_integer(text.as_str()).ok_or(DecodeError::Primitive { element: name })
    }

    /// Any value, whose text counts.
    fn operation(&mut self) -> Result<Option<PsString>, DecodeError> {
        let element = self.child()?.ok_or(DecodeError::MissingElement("Nil"))?;
        let text = match self.value(&element)? {
            Value::String(text) => text,
            value => value.to_string().into(),
        };
        Ok(Some(text).filter(|text| !text.as_str().is_empty()))
    }

    /// A name in any case, or its number.
    fn record_type(&mut self) -> Result<ProgressRecordType, DecodeError> {
        match self.text("T")?.as_str().trim().to_ascii_lowercase().as_str() {
            "processing" | "0" => Ok(ProgressRecordType::Processing),
            "completed" | "1" => Ok(ProgressRecordType::Completed),
            _ => Err(DecodeError::Primitive { element: "T" }),
        }
    }
}
