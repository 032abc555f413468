//! Well-known networks of hosting providers, for owners whose database does not tell.
//!
//! Numbers and names as the regional registries (ARIN, RIPE, APNIC) have them and
//! public routing tables show them, looked at on 2026-11-24. Only networks of rented
//! servers are here. Networks through which people reach the internet are left out
//! even if servers stand there too: telecommunication companies, Google (15169), and
//! Cloudflare (13335), whose WARP and Apple's Private Relay carry ordinary visitors.

/// Whether a hosting provider of this table runs the network.
pub(super) fn is_known(asn: u32) -> bool {
    KNOWN.binary_search(&asn).is_ok()
}

/// In order, for the binary search.
const KNOWN: &[u32] = &[
    8075,    // Microsoft, Azure
    8100,    // QuadraNet
    8560,    // IONOS
    12876,   // Scaleway
    14061,   // DigitalOcean
    14618,   // Amazon
    16276,   // OVH
    16509,   // Amazon
    20473,   // The Constant Company, Vultr
    24940,   // Hetzner
    25820,   // IT7 Networks
    28753,   // Leaseweb Deutschland
    29802,   // Hivelocity
    30633,   // Leaseweb USA
    31898,   // Oracle Cloud
    35916,   // Multacom
    36351,   // IBM Cloud
    36352,   // HostPapa, ColoCrossing
    37963,   // Alibaba Cloud, mainland China
    38365,   // Baidu Cloud
    40676,   // Psychz Networks
    45090,   // Tencent Cloud, mainland China
    45102,   // Alibaba Cloud, elsewhere
    49981,   // WorldStream
    51167,   // Contabo
    53667,   // FranTech
    54290,   // Hostwinds
    55967,   // Baidu Cloud
    55990,   // Huawei Cloud, mainland China
    58519,   // China Telecom Cloud
    58593,   // Azure in China, by Shanghai Blue Cloud
    59019,   // Kingsoft Cloud
    59077,   // UCloud, mainland China
    60068,   // Datacamp
    60781,   // LeaseWeb Netherlands
    62240,   // Clouvider
    63949,   // Akamai, Linode
    132_203, // Tencent Cloud, elsewhere
    133_478, // Tencent Cloud
    135_377, // UCloud, Hong Kong
    136_907, // Huawei Cloud, elsewhere
    137_718, // Volcano Engine
    150_436, // Byteplus
    197_540, // netcup
    212_238, // Datacamp
    212_317, // Hetzner Cloud
    213_230, // Hetzner Cloud
    396_982, // Google Cloud
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_without_repeats() {
        assert!(KNOWN.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_hosting_provider_is_known_and_a_telephone_company_is_not() {
        assert!(is_known(37963));
        assert!(!is_known(4134));
    }
}
