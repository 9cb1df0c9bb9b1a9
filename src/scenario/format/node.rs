//! Serializes a spec to an ordered tree of TOML values. The tables of the `toml` crate sort their
//! keys and read each number as a float; this tree keeps the order of the fields and all digits.

use std::fmt;

use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

/// The name of a newtype struct around a text that TOML has a literal for: a date or a number.
pub(crate) const LITERAL: &str = "Literal";
/// The newtype struct of [`crate::domain::Day`], which is a literal too.
const DAY: &str = "Day";

/// A value of a spec.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Nothing to write: `None`, or a list or table without entries. A table leaves its key out.
    Absent(Absent),
    /// A date or number, as it is written.
    Literal(String),
    /// A text, without quotes.
    Text(String),
    List(Vec<Node>),
    Table(TableKind, Vec<(String, Node)>),
}

/// The value that was absent. It is written after all if it is inside of `Some`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Value,
    List,
    Table,
}

/// The Rust type of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TableKind {
    Struct,
    Map,
}

impl Node {
    /// Converts a spec.
    pub(super) fn from_spec(spec: &impl Serialize) -> Self {
        spec.serialize(NodeSerializer)
            .expect("specs hold only values that TOML has")
            .present()
    }

    /// Returns the node of a value that must be written, even if it has no entries.
    fn present(self) -> Self {
        match self {
            Self::Absent(Absent::List) => Self::List(Vec::new()),
            Self::Absent(Absent::Table) => Self::Table(TableKind::Map, Vec::new()),
            node => node,
        }
    }
}

struct NodeSerializer;

type Result<T = Node> = std::result::Result<T, fmt::Error>;

fn literal(value: impl Into<toml::Value>) -> Result {
    Ok(Node::Literal(value.into().to_string()))
}

/// Defines methods that make a node of a number or boolean.
macro_rules! literals {
    ($($method:ident($type:ty as $toml:ty)),*) => {
        $(fn $method(self, value: $type) -> Result {
            literal(<$toml>::try_from(value).map_err(|_| fmt::Error)?)
        })*
    };
}

/// Defines methods for values that no spec has.
macro_rules! unsupported {
    ($($method:ident($($type:ty),*) -> $result:ty),*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$result> {
            Err(fmt::Error)
        })*
    };
}

type Unsupported = Impossible<Node, fmt::Error>;

impl Serializer for NodeSerializer {
    type Ok = Node;
    type Error = fmt::Error;
    type SerializeSeq = ListBuilder;
    type SerializeTuple = Unsupported;
    type SerializeTupleStruct = Unsupported;
    type SerializeTupleVariant = Unsupported;
    type SerializeMap = TableBuilder;
    type SerializeStruct = TableBuilder;
    type SerializeStructVariant = Unsupported;

    literals!(
        serialize_bool(bool as bool),
        serialize_i8(i8 as i64),
        serialize_i16(i16 as i64),
        serialize_i32(i32 as i64),
        serialize_i64(i64 as i64),
        serialize_u8(u8 as i64),
        serialize_u16(u16 as i64),
        serialize_u32(u32 as i64),
        serialize_u64(u64 as i64),
        serialize_f32(f32 as f64),
        serialize_f64(f64 as f64)
    );

    unsupported!(
        serialize_char(char) -> Node,
        serialize_bytes(&[u8]) -> Node,
        serialize_unit() -> Node,
        serialize_unit_struct(&'static str) -> Node,
        serialize_tuple(usize) -> Unsupported,
        serialize_tuple_struct(&'static str, usize) -> Unsupported,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Unsupported,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Unsupported
    );

    fn serialize_str(self, value: &str) -> Result {
        Ok(Node::Text(value.to_owned()))
    }

    fn serialize_none(self) -> Result {
        Ok(Node::Absent(Absent::Value))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        Ok(value.serialize(self)?.present())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result {
        match (name, value.serialize(self)?) {
            (LITERAL | DAY, Node::Text(text)) => Ok(Node::Literal(text)),
            (_, node) => Ok(node),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result {
        Err(fmt::Error)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<ListBuilder> {
        Ok(ListBuilder(Vec::new()))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<TableBuilder> {
        Ok(TableBuilder::new(TableKind::Map))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<TableBuilder> {
        Ok(TableBuilder::new(TableKind::Struct))
    }
}

struct ListBuilder(Vec<Node>);

impl SerializeSeq for ListBuilder {
    type Ok = Node;
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.0.push(value.serialize(NodeSerializer)?.present());
        Ok(())
    }

    fn end(self) -> Result {
        match self.0.is_empty() {
            true => Ok(Node::Absent(Absent::List)),
            false => Ok(Node::List(self.0)),
        }
    }
}

struct TableBuilder {
    kind: TableKind,
    key: String,
    entries: Vec<(String, Node)>,
}

impl TableBuilder {
    const fn new(kind: TableKind) -> Self {
        Self {
            kind,
            key: String::new(),
            entries: Vec::new(),
        }
    }

    fn add<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<()> {
        match value.serialize(NodeSerializer)? {
            Node::Absent(_) => {}
            node => self.entries.push((key, node)),
        }
        Ok(())
    }

    fn finish(self) -> Result {
        match (self.kind, self.entries.is_empty()) {
            (TableKind::Map, true) => Ok(Node::Absent(Absent::Table)),
            (kind, _) => Ok(Node::Table(kind, self.entries)),
        }
    }
}

impl SerializeMap for TableBuilder {
    type Ok = Node;
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        match key.serialize(NodeSerializer)? {
            Node::Text(key) | Node::Literal(key) => self.key = key,
            _ => return Err(fmt::Error),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = std::mem::take(&mut self.key);
        self.add(key, value)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl SerializeStruct for TableBuilder {
    type Ok = Node;
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<()> {
        self.add(key.to_owned(), value)
    }

    fn end(self) -> Result {
        self.finish()
    }
}
