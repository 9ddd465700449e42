use bytes::Bytes;

use super::{Action, Error, Fault, Header};
use crate::xml::{Element, Namespace, Reader, WriteError, Writer};

/// A request: a body, and what it contributes to the header.
pub trait Request: Sized {
    /// The `wsa:Action` of the request.
    const ACTION: Action;
    /// The answer to it.
    type Response: Response;

    /// Adds the request's options to the header.
    fn describe(&self, header: &mut Header) {
        let _: &mut Header = header;
    }

    /// Writes the children of `s:Body`.
    fn write(&self, writer: &mut Writer);

    /// Reads the children of `s:Body`, and the request's options from the header.
    ///
    /// # Errors
    /// [`Error`] where the body is not this request's.
    fn read(header: &Header, body: &mut Reader<'_>) -> Result<Self, Error>;
}

/// The answer to a [`Request`].
pub trait Response: Sized {
    /// The `wsa:Action` of the answer.
    const ACTION: Action;

    /// Writes the children of `s:Body`.
    fn write(&self, writer: &mut Writer);

    /// Reads the children of `s:Body`.
    ///
    /// # Errors
    /// [`Error`] where the body is not this response's.
    fn read(body: &mut Reader<'_>) -> Result<Self, Error>;
}

/// The envelope of a request, with the request's options added to `header`.
///
/// # Errors
/// [`WriteError::ForbiddenCharacter`] where a value holds a character that XML cannot carry.
pub fn write_request<R: Request>(header: &Header, request: &R) -> Result<Bytes, WriteError> {
    let mut header = header.clone();
    request.describe(&mut header);
    write(&header, |writer| request.write(writer))
}

/// The envelope of an answer, with the action of `R`.
///
/// # Errors
/// As [`write_request`].
pub fn write_response<R: Response>(
    request: &Header,
    message_id: super::MessageId,
    response: &R,
) -> Result<Bytes, WriteError> {
    write(&request.response(R::ACTION, message_id), |writer| response.write(writer))
}

/// The envelope of a fault that answers `request`, which may be an empty header where none could be read.
///
/// # Errors
/// As [`write_request`].
pub fn write_fault(
    request: &Header,
    message_id: super::MessageId,
    fault: &Fault,
) -> Result<Bytes, WriteError> {
    write(&request.response(Action::Fault, message_id), |writer| fault.write(writer))
}

/// Opens the next child of the body, which must be this element.
pub(crate) fn open_child<'i>(
    body: &mut Reader<'i>,
    namespace: Namespace,
    local: &'static str,
) -> Result<Element<'i>, Error> {
    match body.child()? {
        Some(element) if element.name() == (namespace, local) => Ok(element),
        _ => Err(Error::Missing { name: local }),
    }
}

/// Whether an `xs:boolean` is true. Some clients spell it `True`.
pub(crate) fn is_true(value: &str) -> bool {
    let value = value.trim();
    value == "1" || value.eq_ignore_ascii_case("true")
}

pub(super) fn write(header: &Header, body: impl FnOnce(&mut Writer)) -> Result<Bytes, WriteError> {
    let mut writer = Writer::with_capacity(ROOM);
    writer.start("s:Envelope").attribute("xml:lang", "en-US");
    for (prefix, namespace) in PREFIXES {
        writer.attribute(prefix, namespace.uri());
    }
    header.write(&mut writer);
    writer.start("s:Body");
    body(&mut writer);
    writer.end().end();
    writer.finish().map(Bytes::from)
}

/// A pipeline of a few commands fits, in Base64.
const ROOM: usize = 8192;
/// The prefixes that every envelope declares, and bodies use.
const PREFIXES: [(&str, Namespace); 6] = [
    ("xmlns:s", Namespace::Soap),
    ("xmlns:a", Namespace::Addressing),
    ("xmlns:x", Namespace::Transfer),
    ("xmlns:w", Namespace::WsMan),
    ("xmlns:p", Namespace::WsManMicrosoft),
    ("xmlns:rsp", Namespace::Shell),
];
