//! A JPEG whose 8 × 8 blocks are each all black or all white.
//!
//! Such a picture needs no transform: every block is its mean and nothing else, so it is written
//! in microseconds, also in a debug build, where a general encoder takes a twentieth of a second.
//! The format is baseline JPEG, ITU-T T.81.

/// The side of a block, in pixels.
pub(super) const BLOCK: usize = 8;

/// With this quantiser, the mean of a white block is 127 and that of a black one is -128.
const QUANTISER: u8 = 8;
const WHITE: i16 = 127;
const BLACK: i16 = -128;

/// A square grey picture of `width` pixels; `is_dark` tells a block by its column and row.
pub(super) fn encode(width: u16, is_dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let mut jpeg = header(width);
    let mut scan = Scan::default();
    let mut previous = 0;
    let blocks = usize::from(width).div_ceil(BLOCK);
    for row in 0..blocks {
        for column in 0..blocks {
            let mean = if is_dark(column, row) { BLACK } else { WHITE };
            scan.push_block(mean - previous);
            previous = mean;
        }
    }
    jpeg.extend(scan.finish());
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

fn header(width: u16) -> Vec<u8> {
    let [high, low] = width.to_be_bytes();
    let mut header = vec![0xff, 0xd8];
    let mut segment = |marker: u8, content: &[u8]| {
        let length = u16::try_from(content.len() + 2).expect("these segments are short");
        header.extend([0xff, marker]);
        header.extend(length.to_be_bytes());
        header.extend(content);
    };
    segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    segment(0xdb, &[&[0][..], &[QUANTISER; 64]].concat());
    segment(0xc0, &[8, high, low, high, low, 1, 1, 0x11, 0]);
    // The means' codes: 0 for no change, 10 for the first block, 110 for a change of colour.
    segment(0xc4, &huffman_table(0x00, &[0, 7, 8]));
    // The only other code: 0 for the end of the block.
    segment(0xc4, &huffman_table(0x10, &[0]));
    segment(0xda, &[1, 1, 0x00, 0, 63, 0]);
    header
}

/// A table that gives its first symbol one bit, its second two bits, and so on.
fn huffman_table(class: u8, symbols: &[u8]) -> Vec<u8> {
    let mut table = vec![class];
    table.extend((0..16).map(|length| u8::from(length < symbols.len())));
    table.extend(symbols);
    table
}

/// The entropy-coded bits.
#[derive(Default)]
struct Scan {
    bytes: Vec<u8>,
    pending: u32,
    pending_bits: u32,
}

impl Scan {
    /// One block, by the difference of its mean from the previous block's.
    fn push_block(&mut self, difference: i16) {
        match difference {
            0 => self.push(0b0, 1),
            // 127, in seven bits.
            WHITE => self.push(0b1_0111_1111, 9),
            // 255 and -255, in eight bits, where a negative number is written as its complement.
            1.. => self.push(0b110_1111_1111, 11),
            ..0 => self.push(0b110_0000_0000, 11),
        }
        self.push(0b0, 1);
    }

    fn push(&mut self, bits: u32, count: u32) {
        self.pending = (self.pending << count) | bits;
        self.pending_bits += count;
        while self.pending_bits >= 8 {
            self.pending_bits -= 8;
            let byte = (self.pending >> self.pending_bits).to_le_bytes()[0];
            self.bytes.push(byte);
            if byte == 0xff {
                // Inside a scan, 0xff is followed by a zero, so that it is not taken for a marker.
                self.bytes.push(0);
            }
        }
        self.pending &= (1 << self.pending_bits) - 1;
    }

    /// The scan, its last byte filled up with ones.
    fn finish(mut self) -> Vec<u8> {
        let missing = (8 - self.pending_bits) % 8;
        self.push((1 << missing) - 1, missing);
        self.bytes
    }
}
