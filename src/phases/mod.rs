//! The calculations, pure: sources in columns go in, the values of `domain::output` come out.
