//! What several targets need: both halves of an exchange.

use secrecy::SecretString;
use winrm_proto::auth::ntlm::{
    AcceptPolicy, ChannelBindingPolicy, Client, FileTime, MachineNames, Nonces, ServerNonces,
};
use winrm_proto::auth::{Credential, Protection, ServiceName, UserName};

pub(crate) fn credential() -> Credential {
    Credential::new(UserName::parse("vagrant").unwrap(), SecretString::from("vagrant"))
}

pub(crate) fn service() -> ServiceName {
    ServiceName::http("host").unwrap()
}

pub(crate) fn client() -> Client {
    Client::new(credential(), service(), Protection::Seal)
}

pub(crate) fn policy() -> AcceptPolicy {
    AcceptPolicy {
        accounts: vec![credential()],
        machine: MachineNames {
            computer: "RIG01".to_owned(),
            domain: "RIG01".to_owned(),
            dns_computer: "rig01".to_owned(),
            dns_domain: "rig01".to_owned(),
        },
        protection: Protection::Seal,
        channel_binding: ChannelBindingPolicy::Required,
    }
}

pub(crate) fn nonces() -> Nonces {
    Nonces::new(*b"clientch", *b"0123456789abcdef", FileTime::from_le_bytes([0; 8]))
}

pub(crate) fn server_nonces() -> ServerNonces {
    ServerNonces { challenge: *b"serverch", now: FileTime::from_le_bytes([1; 8]) }
}
