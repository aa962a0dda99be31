//! A server that checks the spelling of texts: an HTTP handler in Rust that calls a C++ library.
//!
//! `POST /check` with a text answers with a line for each word that the dictionary does not have.
//! The C++ library throws if the text cannot be read, and the answer is then `400 Bad Request`.
#![cfg(target_family = "wasm")]

mod bindings;
mod speller;

use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

/// The largest text in bytes.
const MOST_BYTES: usize = 1 << 20;

struct SpellServer;

wasip2::http::proxy::export!(SpellServer);

impl wasip2::exports::http::incoming_handler::Guest for SpellServer {
    fn handle(request: IncomingRequest, response: ResponseOutparam) {
        let (status, text) = match answer(&request) {
            Ok(text) => (200, text),
            Err(Failure { status, message }) => (status, message + "\n"),
        };
        send(response, status, &text);
    }
}

/// The reason why a request has no result.
struct Failure {
    status: u16,
    message: String,
}

impl Failure {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Failure { status, message: message.into() }
    }
}

fn answer(request: &IncomingRequest) -> Result<String, Failure> {
    let path = request.path_with_query().unwrap_or_default();
    match (request.method(), path.as_str()) {
        (Method::Post, "/check") => {
            let text = read(request)?;
            let mistakes = speller::check(&text).map_err(|message| Failure::new(400, message))?;
            Ok(mistakes.iter().map(|mistake| format!("{mistake}\n")).collect())
        }
        (_, "/check") => Err(Failure::new(405, "send the text by POST")),
        _ => Err(Failure::new(404, "there is only /check")),
    }
}

/// Reads the body of a request.
fn read(request: &IncomingRequest) -> Result<Vec<u8>, Failure> {
    let lost = || Failure::new(400, "the request has no readable body");
    let body = request.consume().map_err(|()| lost())?;
    let mut bytes = Vec::new();
    {
        let stream = body.stream().map_err(|()| lost())?;
        loop {
            match stream.blocking_read(64 << 10) {
                Ok(more) => bytes.extend(more),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => return Err(lost()),
            }
            if bytes.len() > MOST_BYTES {
                return Err(Failure::new(413, "the text has more than 1 MiB"));
            }
        }
    }
    IncomingBody::finish(body);
    Ok(bytes)
}

/// Sends a text as the response. Nothing is left to do if the client has gone.
fn send(outparam: ResponseOutparam, status: u16, text: &str) {
    let headers = Fields::new();
    let _ = headers.set("content-type", &[b"text/plain; charset=utf-8".to_vec()]);
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(status);
    let Ok(body) = response.body() else { return };
    ResponseOutparam::set(outparam, Ok(response));
    if let Ok(stream) = body.write() {
        // The most that a stream takes at once.
        for part in text.as_bytes().chunks(4096) {
            if stream.blocking_write_and_flush(part).is_err() {
                break;
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}
