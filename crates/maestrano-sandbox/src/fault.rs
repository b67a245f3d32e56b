use tokio::sync::watch;

/// Something the platform can be told to do wrong, until [`Running::clear_faults`](crate::Running::clear_faults).
/// Several may be committed at once. There is no way to commit one over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Session check: the connection is closed without an answer.
    SessionCheckRefused,
    /// Session check: no answer until the faults are cleared; then the right one.
    SessionCheckHangs,
    /// Session check: status 500 with a JSON error.
    SessionCheckFails,
    /// Session check: status 200 with a page of HTML.
    SessionCheckHtml,
    /// Session check: the connection breaks in the middle of the answer.
    SessionCheckBreaks,
    /// Session check: the right answer, one byte each second.
    SessionCheckTrickles,
    /// Responses are signed with a key nobody knows, whose certificate they carry.
    ResponseSignedByStranger,
    /// Responses carry no signature.
    ResponseUnsigned,
    /// Responses were good two hours ago.
    ResponseExpired,
    /// Responses will be good in two hours.
    ResponseNotYetValid,
    /// The audience is another application.
    ResponseForOtherAudience,
    /// Destination and recipient are another application's.
    ResponseForOtherRecipient,
    /// The response answers a request nobody made.
    ResponseToOtherRequest,
    /// A second, unsigned assertion about another user stands before the signed one.
    ResponseWithTwoAssertions,
    /// The signed assertion names a second `uid` (sso.md 1.8: what the original platform could be made to sign).
    ResponseWithInjectedUid,
    /// A document type declaration stands before the response.
    ResponseWithDoctype,
    /// Configuration: status 401, whatever the credentials.
    ConfigurationRefused,
    /// Configuration: status 500 with a JSON error.
    ConfigurationFails,
    /// Configuration: status 200 with a page of HTML.
    ConfigurationHtml,
    /// Configuration: the certificates cannot be decoded.
    ConfigurationWithBrokenCertificate,
}

/// The faults committed now, and a way to wait for their end.
#[derive(Debug)]
pub(crate) struct Faults(watch::Sender<Vec<Fault>>);

impl Faults {
    pub(crate) fn none() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    pub(crate) fn commit(&self, fault: Fault) {
        self.0.send_modify(|faults| faults.push(fault));
    }

    pub(crate) fn clear(&self) {
        self.0.send_modify(Vec::clear);
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.0.borrow().contains(&fault)
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.0.borrow().clone()
    }

    /// Returns when the fault is not (or no longer) committed.
    pub(crate) async fn without(&self, fault: Fault) {
        // The sender is ours, so the channel cannot be closed while we wait.
        let _ = self.0.subscribe().wait_for(|faults| !faults.contains(&fault)).await;
    }
}
