//! The suite of all frameworks, on this application.

maestrano_conformance::suite!(env!("CARGO_BIN_EXE_crm-rocket"));
