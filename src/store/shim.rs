use std::path::{Path, PathBuf};
use std::sync::Arc;
#[allow(missing_docs)]
#[derive(Debug, Clone)]
pub struct SimulatedDisk(Arc<PathBuf>);
#[allow(missing_docs)]
impl SimulatedDisk {
    pub fn new() -> Self {
        static N: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let n = N.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let dir = PathBuf::from(format!("/dev/shm/plim-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Self(Arc::new(dir.join("books.db")))
    }
    pub fn fork(&self) -> Self {
        let other = Self::new();
        for s in ["", "-wal"] {
            let f = format!("{}{s}", self.0.display());
            if Path::new(&f).exists() {
                std::fs::copy(&f, format!("{}{s}", other.0.display())).unwrap();
            }
        }
        other
    }
    pub fn after_power_cut(&self) -> Self {
        self.fork()
    }
}
impl AsRef<Path> for SimulatedDisk {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}
impl Drop for SimulatedDisk {
    fn drop(&mut self) {
        if Arc::strong_count(&self.0) == 1 {
            let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
        }
    }
}
