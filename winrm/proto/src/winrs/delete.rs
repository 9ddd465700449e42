use crate::wsman::{Action, Error, Header, Request, Response};
use crate::xml::{Reader, Writer};

/// MS-WSMV 3.1.4.4: deletes a shell and ends what runs in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delete;

/// The answer to [`Delete`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteResponse;

impl Request for Delete {
    const ACTION: Action = Action::Delete;
    type Response = DeleteResponse;

    fn write(&self, _writer: &mut Writer) {}

    fn read(_header: &Header, body: &mut Reader<'_>) -> Result<Self, Error> {
        body.skip()?;
        Ok(Self)
    }
}

impl Response for DeleteResponse {
    const ACTION: Action = Action::DeleteResponse;

    fn write(&self, _writer: &mut Writer) {}

    fn read(body: &mut Reader<'_>) -> Result<Self, Error> {
        body.skip()?;
        Ok(Self)
    }
}
