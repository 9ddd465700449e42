//! Envelopes and headers that are odd, wrong or not ours, and the durations in them.

use std::time::Duration;

use winrm_proto::winrs::{
    Call, CreateShellResponse, Delete, DeleteResponse, ListShellsResponse, ReceiveResponse, SendResponse,
};
use winrm_proto::wsman::fault::{ProviderFault, WsManFault};
use winrm_proto::wsman::{
    Action, Error, Fault, Header, Incoming, MustComply, format_duration, parse_duration, write_request,
};
use winrm_proto::xml::{self, Limits};

#[test]
fn what_is_not_an_envelope() {
    for (document, expected) in [
        ("<html><body>Bad gateway</body></html>", Error::NotSoap),
        ("<Envelope/>", Error::NotSoap),
        (
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>",
            Error::NotSoap,
        ),
        ("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>", Error::NoBody),
        (
            "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Header/></s:Envelope>",
            Error::NoBody,
        ),
        ("", Error::Xml(xml::Error::NoRoot)),
        ("Bad Request", Error::Xml(xml::Error::ContentOutsideRoot)),
        ("<!DOCTYPE html><html/>", Error::Xml(xml::Error::DocumentType)),
    ] {
        assert_eq!(open(document).map(|_| ()), Err(expected), "{document}");
    }
}

#[test]
fn a_body_that_is_not_the_answer() {
    let other = envelope("", "<rsp:SendResponse/>");
    let answer = Incoming::answer::<ReceiveResponse>(other.as_bytes(), &Limits::default());
    assert_eq!(answer, Err(Error::Missing { name: "ReceiveResponse" }));
    let empty = envelope("", "");
    let answer = Incoming::answer::<ReceiveResponse>(empty.as_bytes(), &Limits::default());
    assert_eq!(answer, Err(Error::Missing { name: "ReceiveResponse" }));
    let foreign = envelope("", "<ReceiveResponse xmlns='urn:other'/>");
    let answer = Incoming::answer::<ReceiveResponse>(foreign.as_bytes(), &Limits::default());
    assert_eq!(answer, Err(Error::Missing { name: "ReceiveResponse" }));
}

#[test]
fn a_document_that_is_broken_behind_the_answer() {
    let whole = envelope("", "<rsp:SendResponse/>");
    assert!(Incoming::answer::<SendResponse>(whole.as_bytes(), &Limits::default()).is_ok());
    for end in 1.."</s:Body></s:Envelope>".len() {
        let (cut, _) = whole.split_at(whole.len() - end);
        let answer = Incoming::answer::<SendResponse>(cut.as_bytes(), &Limits::default());
        assert_eq!(answer, Err(Error::Xml(xml::Error::Truncated)), "{cut}");
    }
}

/// Values that cannot be: a host answers such a request with a fault, for which it needs the rest of the header.
#[test]
fn a_header_with_a_value_that_cannot_be() {
    for (block, name) in [
        ("<w:OperationTimeout>PT-1S</w:OperationTimeout>", "OperationTimeout"),
        ("<w:OperationTimeout>soon</w:OperationTimeout>", "OperationTimeout"),
        ("<w:MaxEnvelopeSize>-1</w:MaxEnvelopeSize>", "MaxEnvelopeSize"),
        ("<w:MaxEnvelopeSize>99999999999</w:MaxEnvelopeSize>", "MaxEnvelopeSize"),
        ("<w:ResourceURI> </w:ResourceURI>", "ResourceURI"),
        ("<w:ResourceURI>a b</w:ResourceURI>", "ResourceURI"),
        ("<p:SessionId/>", "SessionId"),
    ] {
        let message = envelope(&format!("{block}{DELETE}<a:MessageID>uuid:7</a:MessageID>"), "");
        let incoming = open(&message).unwrap();
        assert_eq!(incoming.header().message_id.as_ref().unwrap().as_str(), "uuid:7", "{block}");
        assert_eq!(Call::read(incoming).unwrap_err(), Error::Invalid { name }, "{block}");
        // An answer is not refused for it.
        assert!(
            Incoming::answer::<DeleteResponse>(message.as_bytes(), &Limits::default()).is_ok(),
            "{block}"
        );
    }
}

#[test]
fn a_header_that_is_only_odd() {
    let blocks = format!(
        "<a:MessageID>\n  uuid:1\n</a:MessageID><a:RelatesTo/><p:ActivityId>X</p:ActivityId><unknown s:mustUnderstand='false'>\
         <deep/></unknown>{DELETE}<w:Locale/><p:DataLocale xml:lang=''/><w:SelectorSet><other/><w:Selector Name='shellid'> A \
         </w:Selector></w:SelectorSet><w:OptionSet><w:Option Name='x' MustComply='1'>y</w:Option></w:OptionSet>"
    );
    let message = envelope(&blocks, "");
    let (header, call) = Call::read(open(&message).unwrap()).unwrap();
    assert_eq!(call, Call::Delete(Delete));
    assert_eq!(header.action, Some(Action::Delete));
    assert_eq!(header.message_id.unwrap().as_str(), "uuid:1");
    assert_eq!((header.relates_to, header.locale, header.data_locale), (None, None, None));
    assert_eq!(header.selectors.value("ShellId"), Some("A"));
    let options: Vec<_> =
        header.options.iter().map(|option| (option.name.as_str(), option.must_comply)).collect();
    assert_eq!(options, [("x", MustComply::Yes)]);
}

fn not_understood(name: &str) -> Error {
    Error::NotUnderstood { name: name.to_owned() }
}

/// SOAP 1.2 part 1 section 2.4: what has to be understood and is not makes a message unusable, for whom it is meant.
#[test]
fn a_message_with_a_header_that_has_to_be_understood() {
    let next = "http://www.w3.org/2003/05/soap-envelope/role/next";
    let receiver = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
    for (block, expected) in [
        ("<p:Throttle s:mustUnderstand='true'/>".to_owned(), Some("Throttle")),
        ("<Throttle s:mustUnderstand=' 1 '><a/></Throttle>".to_owned(), Some("Throttle")),
        ("<a:Unheard s:mustUnderstand='true'/>".to_owned(), Some("Unheard")),
        (format!("<x s:mustUnderstand='true' s:role='{next}'/>"), Some("x")),
        (format!("<x s:mustUnderstand='true' s:role='{receiver}'/>"), Some("x")),
        ("<x s:mustUnderstand='true'/><y s:mustUnderstand='true'/>".to_owned(), Some("x")),
        // Somebody else's, an invitation, or not SOAP's attribute.
        ("<x s:mustUnderstand='true' s:role='urn:somebody-on-the-way'/>".to_owned(), None),
        ("<p:ActivityId s:mustUnderstand='false'>1</p:ActivityId><x s:mustUnderstand='0'/>".to_owned(), None),
        ("<x mustUnderstand='true'/><x p:mustUnderstand='true'/>".to_owned(), None),
        ("<a:ReplyTo s:mustUnderstand='true'/><a:RelatesTo s:mustUnderstand='true'/>".to_owned(), None),
    ] {
        for body in ["", "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code></s:Fault>"] {
            let message = envelope(&block, body);
            let answer = Incoming::answer::<DeleteResponse>(message.as_bytes(), &Limits::default());
            assert_eq!(answer.err(), expected.map(not_understood), "{block}");
        }
        let request = envelope(&format!("{block}{DELETE}"), "");
        assert_eq!(Call::read(open(&request).unwrap()).err(), expected.map(not_understood), "{block}");
    }
}

#[test]
fn an_action_that_is_not_known() {
    let message = envelope("<a:Action>urn:x</a:Action>", "");
    assert_eq!(open(&message).unwrap().header().action, Some(Action::Other("urn:x".into())));
    assert_eq!(Call::read(open(&message).unwrap()).unwrap_err(), Error::UnknownAction);
}

#[test]
fn requests_ask_for_an_answer_and_answers_do_not() {
    let request = write_request(
        &Header { resource_uri: Some(winrm_proto::wsman::ResourceUri::CMD), ..Header::default() },
        &Delete,
    );
    assert!(String::from_utf8(request.unwrap().to_vec()).unwrap().contains("<a:ReplyTo>"));
    let answer = write_request(&Header::default(), &Delete);
    assert!(!String::from_utf8(answer.unwrap().to_vec()).unwrap().contains("ReplyTo"));
}

#[test]
fn a_plugin_knows_better_than_the_service() {
    for (outer, nested, expected) in [
        (Some(0x8033_8003), Some(5), Some(5)),
        (None, Some(5), Some(5)),
        (Some(170), Some(5), Some(170)),
        (Some(0x8033_8003), None, Some(0x8033_8003)),
        (None, None, None),
    ] {
        let inner = WsManFault { code: nested, message: Some("inner".to_owned()), ..WsManFault::default() };
        let provider = ProviderFault {
            fault: Some(inner),
            message: Some("middle".to_owned()),
            ..ProviderFault::default()
        };
        let outer = WsManFault { code: outer, provider: Some(Box::new(provider)), ..WsManFault::default() };
        let fault = Fault { wsman: Some(outer), reason: Some("reason".to_owned()), ..Fault::default() };
        assert_eq!(fault.wsman_code(), expected);
        assert_eq!(fault.message(), Some("inner"));
    }
}

#[test]
fn faults_with_parts_absent() {
    for (body, reason, code) in [
        ("<s:Fault/>", None, None),
        ("<s:Fault><s:Code/><s:Reason/><s:Detail/></s:Fault>", None, None),
        ("<s:Fault><s:Reason><s:Text>x</s:Text><s:Text>y</s:Text></s:Reason></s:Fault>", Some("x"), None),
        ("<s:Fault><s:Reason><s:Text><b>x</b></s:Text></s:Reason></s:Fault>", None, None),
        ("<s:Fault><s:Detail><f:WSManFault/></s:Detail></s:Fault>", None, None),
        ("<s:Fault><s:Detail><f:WSManFault Code='x'/></s:Detail></s:Fault>", None, None),
        ("<s:Fault><s:Detail><f:WSManFault Code='-1'/></s:Detail></s:Fault>", None, None),
        ("<s:Fault><s:Detail><f:WSManFault Code=' 5 '/></s:Detail></s:Fault>", None, Some(5)),
        ("<s:Fault><s:Detail><f:WSManFault Code='4294967296'/></s:Detail></s:Fault>", None, None),
        ("<s:Fault><s:Detail><other><f:WSManFault Code='5'/></other></s:Detail></s:Fault>", None, None),
    ] {
        let message = envelope("", body);
        let answer = Incoming::answer::<DeleteResponse>(message.as_bytes(), &Limits::default()).unwrap();
        let fault = *answer.body.unwrap_err();
        assert_eq!((fault.message(), fault.wsman_code()), (reason, code), "{body}");
    }
}

#[test]
fn a_list_that_is_complete_has_no_context() {
    for (list, context) in [
        ("<n:EnumerationContext/><w:Items/>", None),
        ("<n:EnumerationContext> </n:EnumerationContext><w:Items/><w:EndOfSequence/>", None),
        ("<n:EnumerationContext>uuid:1</n:EnumerationContext><w:Items/>", Some("uuid:1")),
        // The host says that there is no more, whatever it names before.
        ("<n:EnumerationContext>uuid:1</n:EnumerationContext><w:Items/><w:EndOfSequence/>", None),
    ] {
        let body = format!(
            "<n:EnumerateResponse xmlns:n='http://schemas.xmlsoap.org/ws/2004/09/enumeration'>{list}</n:EnumerateResponse>"
        );
        let message = envelope("", &body);
        let answer = Incoming::answer::<ListShellsResponse>(message.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(answer.body.unwrap().0.context.as_deref(), context, "{list}");
    }
}

#[test]
fn a_new_shell_is_named_by_its_reference_or_its_description() {
    const CMD: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd";
    let described = format!(
        "<rsp:Shell><rsp:ShellId>D</rsp:ShellId><rsp:ResourceUri>{CMD}</rsp:ResourceUri></rsp:Shell>"
    );
    let created = |parameters: &str| {
        format!(
            "<x:ResourceCreated xmlns:x='http://schemas.xmlsoap.org/ws/2004/09/transfer'><a:ReferenceParameters>{parameters}\
             </a:ReferenceParameters></x:ResourceCreated>"
        )
    };
    let selector = "<w:SelectorSet><w:Selector Name='ShellId'>S</w:Selector></w:SelectorSet>";
    let uri = format!("<w:ResourceURI>{CMD}</w:ResourceURI>");
    for (body, expected) in [
        (described.clone(), Ok("D")),
        (created(&format!("{uri}{selector}")), Ok("S")),
        (format!("{}{described}", created(selector)), Ok("S")),
        (format!("{}{described}", created(&uri)), Ok("D")),
        (created(selector), Err(Error::Missing { name: "ResourceURI" })),
        (created(&uri), Err(Error::Missing { name: "ShellId" })),
        (String::new(), Err(Error::Missing { name: "ShellId" })),
    ] {
        let message = envelope("", &body);
        let answer = Incoming::answer::<CreateShellResponse>(message.as_bytes(), &Limits::default());
        let shell_id = answer.map(|answer| answer.body.unwrap().shell.shell_id.to_string());
        assert_eq!(shell_id, expected.map(str::to_owned), "{body}");
    }
}

#[test]
fn durations() {
    for (text, expected) in [
        ("PT20S", Some((20, 0))),
        ("PT60.000S", Some((60, 0))),
        ("PT0.5S", Some((0, 500_000_000))),
        ("PT2147483.647S", Some((2_147_483, 647_000_000))),
        ("PT0.1234567899S", Some((0, 123_456_789))),
        ("P0DT0H0M1S", Some((1, 0))),
        ("P1DT2H3M4S", Some((93_784, 0))),
        ("P2D", Some((172_800, 0))),
        ("PT1M", Some((60, 0))),
        (" PT1S ", Some((1, 0))),
        ("PT18446744073709551615S", Some((u64::MAX, 0))),
        ("PT18446744073709551616S", None),
        ("P999999999999999999D", None),
        ("PT18446744073709551615S1", None),
        ("", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("T1S", None),
        ("PT1", None),
        ("PTS", None),
        ("PT.5S", None),
        ("PT1.S", None),
        ("PT-1S", None),
        ("-PT1S", None),
        ("PT+1S", None),
        ("PT1.5M", None),
        ("P1.5D", None),
        ("PT1S1M", None),
        ("PT1S1S", None),
        ("P1Y", None),
        ("P1M", None),
        ("PT1.-1S", None),
        ("PT1.2.3S", None),
        ("20", None),
    ] {
        let expected = expected.map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds));
        assert_eq!(parse_duration(text), expected, "{text:?}");
        if let Some(duration) = expected {
            assert_eq!(parse_duration(&format_duration(duration)), expected, "{text:?}");
        }
    }
    assert_eq!(format_duration(Duration::from_secs(20)), "PT20S");
    assert_eq!(format_duration(Duration::from_millis(1_050)), "PT1.050S");
    assert_eq!(format_duration(Duration::from_nanos(1)), "PT0.000000001S");
}

const DELETE: &str = "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete</a:Action>";

fn open(envelope: &str) -> Result<Incoming<'_>, Error> {
    Incoming::open(envelope.as_bytes(), &Limits::default())
}

fn envelope(header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' \
         xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' \
         xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' \
         xmlns:p='http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd' \
         xmlns:f='http://schemas.microsoft.com/wbem/wsman/1/wsmanfault' \
         xmlns:rsp='http://schemas.microsoft.com/wbem/wsman/1/windows/shell'>\
         <s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}
