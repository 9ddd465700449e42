//! What HTTP.sys and WinRM refuse before they look at an envelope.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use winrm_host::{Host, Quotas, Scheme};

use crate::peer::{Peer, open};

async fn status(host: &Host, request: Request<Full<Bytes>>) -> (StatusCode, http::HeaderMap) {
    let (mut http, _) = open(host).await;
    let response = http.send_request(request).await.unwrap();
    let (head, body) = response.into_parts();
    body.collect().await.unwrap();
    (head.status, head.headers)
}

fn request(method: Method, path: &str, content_type: &str, size: usize) -> Request<Full<Bytes>> {
    let built = Request::builder().method(method).uri(path).header("Host", "localhost");
    built.header("Content-Type", content_type).body(Full::new(Bytes::from(vec![b'x'; size]))).unwrap()
}

const SOAP: &str = "application/soap+xml;charset=UTF-8";

#[tokio::test]
async fn refusals_have_the_status_of_windows() {
    let quotas = Quotas { max_envelope_size: 10_000, ..Quotas::default() };
    let host = Host::builder().quotas(quotas).start().await.unwrap();
    for (method, path, content_type, size, expected) in [
        (Method::POST, "/", SOAP, 1, StatusCode::NOT_FOUND),
        (Method::POST, "/wsmanx", SOAP, 1, StatusCode::NOT_FOUND),
        (Method::GET, "/wsman", SOAP, 0, StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/wsman", "text/plain", 1, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Method::POST, "/wsman", SOAP, 20_000, StatusCode::PAYLOAD_TOO_LARGE),
        (Method::POST, "/wsman", SOAP, 1, StatusCode::UNAUTHORIZED),
        (Method::POST, "/wsman?PSVersion=5.1", SOAP, 0, StatusCode::UNAUTHORIZED),
    ] {
        let asked = format!("{method} {path} {content_type} {size}");
        let (answered, headers) = status(&host, request(method, path, content_type, size)).await;
        assert_eq!(answered, expected, "{asked}");
        assert_eq!(headers.get("Server").unwrap(), "Microsoft-HTTPAPI/2.0", "{asked}");
        assert_eq!(headers.get("Connection").unwrap(), "close", "{asked}");
    }
}

#[tokio::test]
async fn a_chunked_body_is_an_internal_error() {
    let host = Host::builder().start().await.unwrap();
    let request = Request::post("/wsman").header("Host", "localhost").header("Transfer-Encoding", "chunked");
    let request = request.header("Content-Type", SOAP).body(Full::new(Bytes::from_static(b"x"))).unwrap();
    assert_eq!(status(&host, request).await.0, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_refusal_offers_the_schemes_in_order() {
    let schemes = [Scheme::Negotiate, Scheme::Kerberos, Scheme::CredSsp, Scheme::Basic];
    let host = Host::builder().offer(schemes).start().await.unwrap();
    let (_, headers) = status(&host, request(Method::POST, "/wsman", SOAP, 1)).await;
    let offered: Vec<_> = headers.get_all("WWW-Authenticate").iter().collect();
    assert_eq!(offered, ["Negotiate", "Kerberos", "CredSSP", "Basic realm=\"WSMAN\""]);
}

#[tokio::test]
async fn identify_without_a_name_hides_the_version() {
    let host = Host::builder().start().await.unwrap();
    let envelope = winrm_proto::wsman::Identify::envelope().unwrap();
    let anonymous = Request::post("/wsman").header("Host", "localhost").header("Content-Type", SOAP);
    let anonymous =
        anonymous.header("WSMANIDENTIFY", "unauthenticated").body(Full::new(envelope.clone())).unwrap();
    let (mut http, _) = open(&host).await;
    let body = http.send_request(anonymous).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("OS: 0.0.0"));

    let (_, body) = Peer::of(&host).await.post(envelope).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("OS: 10.0.20348"));
}

#[tokio::test]
async fn a_session_cookie_goes_out_and_is_recorded_when_it_comes_back() {
    let host = Host::builder().session_cookie("node-2").start().await.unwrap();
    let mut peer = Peer::of(&host).await;
    let shell = peer.shell().await;
    let mark = host.record().mark();
    peer.run(&shell, "hostname").await;
    let cookies = host.record().requests_since(mark).into_iter().map(|request| request.cookie);
    assert_eq!(cookies.collect::<Vec<_>>(), vec![Some("MS-WSMAN=node-2".to_owned()); 3]);
}
