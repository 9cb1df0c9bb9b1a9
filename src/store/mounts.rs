//! Detects network file systems, on which SQLite's locks cannot be trusted.

use std::path::{Path, PathBuf};

/// Returns the type of the network file system that holds `path`, if it is on one; `None` also
/// where the mounts cannot be read.
pub(super) fn network_file_system(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    file_system_of(&path, &mounts).filter(|kind| {
        let networked = [
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "9p",
            "afs",
            "ceph",
            "glusterfs",
        ];
        networked.contains(&kind.as_str()) || kind.starts_with("fuse.sshfs")
    })
}

/// Returns the file system of the deepest mount point above `path`.
fn file_system_of(path: &Path, mounts: &str) -> Option<String> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            // The kernel writes a space in a mount point as `\040`.
            let point = PathBuf::from(fields.nth(1)?.replace("\\040", " "));
            let kind = fields.next()?;
            path.starts_with(&point)
                .then(|| (point.components().count(), kind.to_owned()))
        })
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_decides() {
        let mounts = "/dev/vda / ext4 rw 0 0\nserver:/a /srv/my\\040books nfs4 rw 0 0\n";
        let on = |path: &str| file_system_of(Path::new(path), mounts);
        assert_eq!(on("/srv/my books/a.db").as_deref(), Some("nfs4"));
        assert_eq!(on("/srv/a.db").as_deref(), Some("ext4"));
    }
}
