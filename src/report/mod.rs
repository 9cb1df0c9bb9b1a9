//! Plans and outcomes become text, grids and JSON.
