//! Finds libvosk for the feature `vosk`: `BRANCHLINE_LIBVOSK` names its folder (scripts/env does).

fn main() {
    println!("cargo:rerun-if-env-changed=BRANCHLINE_LIBVOSK");
    if std::env::var_os("CARGO_FEATURE_VOSK").is_none() {
        return;
    }
    match std::env::var("BRANCHLINE_LIBVOSK") {
        Ok(folder) => {
            println!("cargo:rustc-link-search=native={folder}");
            // For this crate's tests and examples; the box's binary is told by the loader's path.
            println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        }
        Err(_) => println!(
            "cargo:warning=BRANCHLINE_LIBVOSK is not set; hint: scripts/models --with vosk"
        ),
    }
}
