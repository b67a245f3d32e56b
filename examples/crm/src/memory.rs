//! What the processes of the CRM share.

use std::sync::Arc;

use maestrano::memory::{InProcess, Memory};
use maestrano_redis::Redis;

use crate::process::Failure;

/// Where spent logins and ended sessions are remembered: on the Redis that the variable `REDIS_URL` names
/// (`redis://127.0.0.1:6379`), which all processes of the CRM share; in this process when the variable is absent. They
/// need one `DATABASE`, too.
///
/// # Errors
/// When `REDIS_URL` is no URL of a Redis, or this Redis cannot be used. The password in it is not told.
pub async fn memory() -> Result<Arc<dyn Memory>, Failure> {
    let Some(url) = std::env::var_os("REDIS_URL").filter(|url| !url.is_empty()) else {
        return Ok(Arc::new(InProcess::default()));
    };
    let redis = Redis::at(url.to_string_lossy()).prefix("crm:").connect().await;
    Ok(Arc::new(redis.map_err(|error| format!("REDIS_URL: {error}"))?))
}
