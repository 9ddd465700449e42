use super::header::Oddities;
use super::{Error, Fault, Header, Request, Response};
use crate::xml::{Limits, Namespace, Reader};

/// A message whose header has been read, and whose body has not.
#[derive(Debug)]
pub struct Incoming<'i> {
    header: Header,
    oddities: Oddities,
    /// INVARIANT: `s:Body` is the innermost open element.
    body: Reader<'i>,
}

/// What a client got for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The header; old stacks and proxies leave much of it out.
    pub header: Header,
    /// The response, or the fault that came in its place.
    pub body: Result<T, Box<Fault>>,
}

impl<'i> Incoming<'i> {
    /// Reads an envelope up to its body.
    ///
    /// # Errors
    /// [`Error::NotSoap`], [`Error::NoBody`] or [`Error::Xml`].
    pub fn open(envelope: &'i [u8], limits: &Limits) -> Result<Self, Error> {
        let mut reader = Reader::new(envelope, limits)?;
        let root = reader.child()?.ok_or(Error::NotSoap)?;
        if root.name() != (Namespace::Soap, "Envelope") {
            return Err(Error::NotSoap);
        }
        let (mut header, mut oddities) = (Header::default(), Oddities::default());
        while let Some(part) = reader.child()? {
            match part.name() {
                (Namespace::Soap, "Header") => (header, oddities) = Header::read(&mut reader)?,
                (Namespace::Soap, "Body") => return Ok(Self { header, oddities, body: reader }),
                _ => reader.skip()?,
            }
        }
        Err(Error::NoBody)
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the body as a request.
    ///
    /// # Errors
    /// [`Error::NotUnderstood`] and [`Error::Invalid`] where a header is beyond us or its value cannot be, any [`Error`] where the body is not `R` or where the document is
    /// broken further down.
    pub fn request<R: Request>(self) -> Result<(Header, R), Error> {
        let Self { header, oddities, mut body } = self;
        oddities.understood()?;
        if let Some(name) = oddities.invalid {
            return Err(Error::Invalid { name });
        }
        let request = R::read(&header, &mut body)?;
        body.finish()?;
        Ok((header, request))
    }

    /// Reads a whole envelope as the answer to a request: the response or a fault. A header block that has to be understood
    /// and is not known makes it unusable, whatever its body says (SOAP 1.2 part 1 section 2.4).
    ///
    /// # Errors
    /// [`Error`] where it is neither, or where the document is broken.
    pub fn answer<T: Response>(envelope: &'i [u8], limits: &Limits) -> Result<Answer<T>, Error> {
        let Self { header, oddities, mut body } = Self::open(envelope, limits)?;
        oddities.understood()?;
        // Some hosts send a fault with the action of a response, so the body decides, not the action.
        let answer = if body.peek_child()? == Some((Namespace::Soap, "Fault")) {
            Err(Box::new(Fault::read(&mut body)?))
        } else {
            Ok(T::read(&mut body)?)
        };
        body.finish()?;
        Ok(Answer { header, body: answer })
    }
}
