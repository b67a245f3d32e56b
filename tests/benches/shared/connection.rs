//! A connection that is kept alive, with no more of HTTP/1.1 than a load driver needs.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection to a server on this machine.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// Status line and fields of an answer whose body has arrived too.
pub(crate) struct Answer<'c> {
    head: &'c str,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Sends a request and waits for the whole answer, which must say how long it is.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.received.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.receive().await?;
            if let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
        };
        let length = Answer::of(&self.received, head)?.length()?;
        while self.received.len() < head + 4 + length {
            self.receive().await?;
        }
        Answer::of(&self.received, head)
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl<'c> Answer<'c> {
    fn of(received: &'c [u8], head: usize) -> io::Result<Self> {
        let head = str::from_utf8(&received[..head]).map_err(io::Error::other)?;
        Ok(Self { head })
    }

    /// `200`, as it is written in the status line.
    pub(crate) fn status(&self) -> &'c str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The values of all fields of this name.
    pub(crate) fn fields(&self, name: &'static str) -> impl Iterator<Item = &'c str> + use<'c> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    fn length(&self) -> io::Result<usize> {
        let length = self.fields("content-length").next().and_then(|length| length.parse().ok());
        length.ok_or_else(|| io::Error::other("an answer does not say how long it is"))
    }
}
