//! One half of an authentication, token by token, for comparing with another implementation by hand.
//!
//! `tokens client|acceptor bare|spnego USER PASSWORD [CERTIFICATE]` reads commands from standard input and answers
//! each with one line. Tokens, messages and the certificate (DER) are in hexadecimal; without a certificate messages
//! are meant to be sealed. `pyspnego.py` beside this file plays the other half.
//!
//! | command | answer |
//! |---|---|
//! | `begin` | the client's first token |
//! | `token HEX` | the next token, `accepted USER HEX`, or `refused REASON` |
//! | `finish HEX` | `ok`: the server's last token was right |
//! | `seal HEX` | the sealed body |
//! | `open HEX` | the message in a sealed body |

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use winrm_proto::auth::negotiate::{self, Outcome};
use winrm_proto::auth::ntlm::{
    self, AcceptPolicy, Accepted, ChannelBindingPolicy, FileTime, MachineNames, Nonces, ServerNonces, Session,
};
use winrm_proto::auth::seal::{self, Reader, Writer};
use winrm_proto::auth::{ChannelBinding, Credential, Protection, ServiceName, UserName};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [role, form, user, password, certificate @ ..] = arguments.as_slice() else {
        return Err("tokens client|acceptor bare|spnego USER PASSWORD [CERTIFICATE]".into());
    };
    let protection = match certificate.first() {
        Some(der) => Protection::Tls { channel_binding: ChannelBinding::from_certificate(&from_hex(der)?)? },
        None => Protection::Seal,
    };
    let credential = Credential::new(UserName::parse(user)?, SecretString::from(password.as_str()));
    let mut half: Box<dyn Half> = match (role.as_str(), form.as_str()) {
        ("client", "bare") => Box::new(Bare(Some(client(credential, protection)?))),
        ("client", _) => Box::new(Spnego(Some(negotiate::Client::new(client(credential, protection)?)))),
        (_, form) => Box::new(Server {
            policy: policy(credential, protection),
            form: form.to_owned(),
            bare: None,
            spnego: None,
        }),
    };

    let mut session: Option<Session> = None;
    let mut channel: Option<(Writer, Reader)> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let argument = from_hex(argument)?;
        let answer = match command {
            "begin" => to_hex(&half.begin()?),
            "token" => match half.token(&argument) {
                Ok((answer, new)) => {
                    session = new.or(session);
                    answer
                }
                Err(reason) => format!("refused {reason}"),
            },
            "finish" => {
                negotiate::Client::finish(session.as_mut().ok_or("no session")?, &argument)?;
                "ok".to_owned()
            }
            _ => {
                if channel.is_none() {
                    channel = session.as_ref().and_then(|s| Writer::new(s).zip(Reader::new(s)));
                }
                let (writer, reader) = channel.as_mut().ok_or("no channel")?;
                match command {
                    "seal" => to_hex(&writer.write(&argument)),
                    _ => to_hex(&reader.read(seal::CONTENT_TYPE, Bytes::from(argument))?),
                }
            }
        };
        writeln!(std::io::stdout(), "{answer}")?;
    }
    Ok(())
}

/// What a line answers, and the session once there is one.
type Answer = Result<(String, Option<Session>), Box<dyn Error>>;

trait Half {
    fn begin(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        Err("a server does not begin".into())
    }
    fn token(&mut self, token: &[u8]) -> Answer;
}

struct Bare(Option<ntlm::Client>);

impl Half for Bare {
    fn begin(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(self.0.as_ref().ok_or("over")?.negotiate_message().to_vec())
    }

    fn token(&mut self, token: &[u8]) -> Answer {
        let proof = self.0.take().ok_or("over")?.authenticate(token, &nonces())?;
        Ok((to_hex(&proof.message), Some(proof.session)))
    }
}

struct Spnego(Option<negotiate::Client>);

impl Half for Spnego {
    fn begin(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(self.0.as_ref().ok_or("over")?.initial_token())
    }

    fn token(&mut self, token: &[u8]) -> Answer {
        let proof = self.0.take().ok_or("over")?.respond(token, &nonces())?;
        Ok((to_hex(&proof.token), Some(proof.session)))
    }
}

struct Server {
    policy: AcceptPolicy,
    form: String,
    bare: Option<ntlm::Challenged>,
    spnego: Option<negotiate::Acceptor>,
}

impl Half for Server {
    fn token(&mut self, token: &[u8]) -> Answer {
        if self.form == "bare" {
            if let Some(challenged) = self.bare.take() {
                return Ok(accepted(challenged.authenticate(token, &self.policy)?, &[]));
            }
            let (challenged, message) =
                ntlm::Acceptor::new(&self.policy).challenge(token, server_nonces())?;
            self.bare = Some(challenged);
            return Ok((to_hex(&message), None));
        }
        let answered = match self.spnego.take() {
            Some(acceptor) => acceptor.proceed(token, &self.policy, server_nonces())?,
            None => negotiate::Acceptor::begin(token, &self.policy, server_nonces())?,
        };
        match answered.outcome {
            Outcome::Continue(acceptor) => {
                self.spnego = Some(acceptor);
                Ok((to_hex(&answered.token), None))
            }
            Outcome::Accepted(client) => Ok(accepted(client, &answered.token)),
        }
    }
}

fn accepted(client: Accepted, token: &[u8]) -> (String, Option<Session>) {
    (format!("accepted {} {}", client.user, to_hex(token)), Some(client.session))
}

fn client(credential: Credential, protection: Protection) -> Result<ntlm::Client, Box<dyn Error>> {
    Ok(ntlm::Client::new(credential, ServiceName::http("localhost")?, protection))
}

fn policy(credential: Credential, protection: Protection) -> AcceptPolicy {
    AcceptPolicy {
        accounts: vec![credential],
        machine: MachineNames {
            computer: "RIG01".to_owned(),
            domain: "RIG01".to_owned(),
            dns_computer: "rig01".to_owned(),
            dns_domain: "rig01".to_owned(),
        },
        protection,
        channel_binding: ChannelBindingPolicy::Required,
    }
}

/// Fixed values: this program compares, it protects nothing.
fn nonces() -> Nonces {
    Nonces::new(*b"clientch", *b"0123456789abcdef", now())
}

fn server_nonces() -> ServerNonces {
    ServerNonces { challenge: *b"serverch", now: now() }
}

fn now() -> FileTime {
    FileTime::from_unix(Duration::from_secs(1_795_255_200))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err("an odd number of digits".into());
    }
    pairs.iter().map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}
