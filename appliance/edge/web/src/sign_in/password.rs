//! The password as argon2id, m = 19 MiB, t = 2, p = 1 (OWASP's first choice for small machines).

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use super::{Refusal, inside};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// The PHC string to keep.
pub(super) fn hash(password: &str, salt: &[u8]) -> Result<String, Refusal> {
    let salt = SaltString::encode_b64(salt).map_err(inside)?;
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(inside)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon
        .hash_password(password.as_bytes(), &salt)
        .map_err(inside)?
        .to_string())
}

/// Whether the password is the one kept; the parameters come from the kept string.
pub(super) fn matches(kept: &str, typed: &str) -> bool {
    PasswordHash::new(kept).is_ok_and(|kept| {
        Argon2::default()
            .verify_password(typed.as_bytes(), &kept)
            .is_ok()
    })
}
