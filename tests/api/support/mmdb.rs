//! Writes address databases (`.mmdb` files, format 2.0), small ones for tests.
//!
//! A file is a binary tree over the bits of IPv6 addresses (IPv4 lies under `::/96`),
//! 16 zero bytes, the records, and a map that describes the file.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

const MARK: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// 2026-11-20 in seconds of Unix.
const BUILT: u64 = 1_795_132_800;

#[derive(Clone, Copy)]
enum Branch {
    Nothing,
    Node(usize),
    /// Where the record begins in the data.
    Record(usize),
}

/// A database in the making.
pub struct Mmdb {
    kind: String,
    nodes: Vec<[Branch; 2]>,
    data: Vec<u8>,
}

impl Mmdb {
    /// An empty one of a type such as `GeoLite2-City`.
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            nodes: vec![[Branch::Nothing; 2]],
            data: Vec::new(),
        }
    }

    /// All addresses of the network get this record.
    pub fn with(mut self, network: &str, record: &Value) -> Self {
        let network: IpNet = network.parse().unwrap();
        let (bits, length) = match network.network() {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 96 + network.prefix_len()),
            IpAddr::V6(address) => (u128::from(address), network.prefix_len()),
        };
        let leaf = Branch::Record(self.data.len());
        write(&mut self.data, record);
        let mut node = 0;
        for depth in 0..length {
            let side = usize::from(bits >> (127 - depth) & 1 == 1);
            if depth + 1 == length {
                self.nodes[node][side] = leaf;
                break;
            }
            if let Branch::Node(next) = self.nodes[node][side] {
                node = next;
            } else {
                self.nodes.push([Branch::Nothing; 2]);
                let next = self.nodes.len() - 1;
                self.nodes[node][side] = Branch::Node(next);
                node = next;
            }
        }
        self
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let mut file = Vec::new();
        for branch in self.nodes.iter().flatten() {
            let pointer = match branch {
                Branch::Nothing => count,
                Branch::Node(node) => *node,
                Branch::Record(at) => count + 16 + at,
            };
            file.extend(u32::try_from(pointer).unwrap().to_be_bytes());
        }
        file.extend([0; 16]);
        file.extend(&self.data);
        file.extend(MARK);
        // Readers ask for these numbers in exactly these widths.
        begin(&mut file, 7, 9);
        for (key, number) in [
            ("binary_format_major_version", &2_u16.to_be_bytes()[..]),
            ("binary_format_minor_version", &0_u16.to_be_bytes()),
            ("ip_version", &6_u16.to_be_bytes()),
            ("record_size", &32_u16.to_be_bytes()),
            ("node_count", &u32::try_from(count).unwrap().to_be_bytes()),
            ("build_epoch", &BUILT.to_be_bytes()),
        ] {
            write(&mut file, &key.into());
            let kind = match number.len() {
                2 => 5,
                4 => 6,
                _ => 9,
            };
            begin(&mut file, kind, number.len());
            file.extend(number);
        }
        for (key, value) in [
            ("database_type", json!(self.kind)),
            ("description", json!({"en": "for tests"})),
            ("languages", json!(["en", "zh-CN"])),
        ] {
            write(&mut file, &key.into());
            write(&mut file, &value);
        }
        file
    }
}

/// One value: a control byte with type and size, longer sizes behind it, the content.
fn write(file: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => {
            begin(file, 2, text.len());
            file.extend(text.as_bytes());
        }
        Value::Number(number) => {
            begin(file, 6, 4);
            let number = u32::try_from(number.as_u64().unwrap()).unwrap();
            file.extend(number.to_be_bytes());
        }
        Value::Object(map) => {
            begin(file, 7, map.len());
            for (key, value) in map {
                write(file, &Value::from(key.as_str()));
                write(file, value);
            }
        }
        Value::Array(list) => {
            begin(file, 11, list.len());
            for value in list {
                write(file, value);
            }
        }
        // A boolean's size is its value.
        Value::Bool(truth) => begin(file, 14, usize::from(*truth)),
        Value::Null => panic!("the format has no null"),
    }
}

fn begin(file: &mut Vec<u8>, kind: u8, size: usize) {
    let (first, more) = match size {
        0..29 => (u8::try_from(size).unwrap(), None),
        29..285 => (29, Some(u8::try_from(size - 29).unwrap())),
        _ => panic!("{size} is too much for a test's record"),
    };
    // Types above 7 stand in a byte of their own.
    if kind < 8 {
        file.push(kind << 5 | first);
    } else {
        file.extend([first, kind - 7]);
    }
    file.extend(more);
}
