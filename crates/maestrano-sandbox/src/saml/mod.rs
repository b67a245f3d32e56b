//! SAML as bytes: reading the request, writing the response. No clock, no database, no network.

mod attributes;
mod request;
mod response;
mod xml;

pub(crate) use self::{
    attributes::{LaunchedBy, Login},
    request::AuthnRequest,
    response::Response,
};
