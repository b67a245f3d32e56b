//! A line for every step, and how long it took.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::time::{Duration, Instant};

use super::Error;

/// The steps of a start.
pub(crate) struct Steps {
    count: usize,
    begun: usize,
}

impl Steps {
    pub(crate) fn of(count: usize) -> Self {
        Self { count, begun: 0 }
    }

    /// Does a step. On a terminal its line counts the seconds.
    pub(crate) async fn step<T>(
        &mut self,
        what: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.begun += 1;
        let line = format!("[{}/{}] {what} …", self.begun, self.count);
        let begin = Instant::now();
        print!("{line}");
        // Without standard output there is nobody to tell.
        _ = stdout().flush();
        let outcome = {
            tokio::pin!(work);
            let mut seconds = tokio::time::interval(Duration::from_secs(1));
            loop {
                tokio::select! {
                    biased;
                    outcome = &mut work => break outcome,
                    _ = seconds.tick(), if stdout().is_terminal() => {
                        print!("\r{line} {} s", begin.elapsed().as_secs());
                        _ = stdout().flush();
                    }
                }
            }
        };
        let end = if stdout().is_terminal() { format!("\r{line}") } else { String::new() };
        match &outcome {
            Ok(_) => println!("{end} {:.1} s", begin.elapsed().as_secs_f32()),
            Err(_) => println!("{end} failed"),
        }
        outcome
    }
}

/// The text as something less important, where a terminal can show that.
pub(crate) fn dim(text: &str) -> String {
    if stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[2m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
