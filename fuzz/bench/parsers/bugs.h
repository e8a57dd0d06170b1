/* The bugs of overlay.c: a name, and what is wrong with it. The bench reads this file, too. */
#define ENUM(name, what) BUG_##name,
#define NAME(name, what) #name,
#define BUGS(X) \
    X(vlan_dei_in_vid, "the drop eligible bit is taken for a bit of the VLAN identifier") \
    X(vlan_service_tag_inside, "a service tag is only known as the first tag") \
    X(vlan_third_tag, "a third tag is payload") \
    X(inner_third_tag, "a third tag is payload, within a tunnel") \
    X(vlan_tags_overflow, "a ninth tag is written past the end of an array") \
    X(ieee802_3_length, "a length of 1500 is taken for an EtherType") \
    X(ipv4_ihl_below_5, "an IHL below 5 is not refused") \
    X(inner_ihl_below_5, "an IHL below 5 is not refused, within a tunnel") \
    X(ipv4_header_past_end, "the options may go past the end of the packet") \
    X(ipv4_total_below_header, "the total length may be less than the header") \
    X(ipv4_total_past_end, "the total length may go past the end of the packet") \
    X(ipv4_padding, "padding after the packet counts as its payload") \
    X(inner_padding, "padding after the packet counts as its payload, within a tunnel") \
    X(ipv4_option_zero, "an option of length 0 is read without end") \
    X(ipv4_option_overrun, "an option may go past the end of the options") \
    X(ipv4_end_of_options, "options are read after the end of options") \
    X(ipv4_route_pointer, "the pointer of a record route may leave less than four octets") \
    X(ipv4_reserved_flag, "the reserved flag is taken for more fragments") \
    X(ipv4_offset_mask, "the highest bit of the fragment offset is lost") \
    X(ipv4_later_fragment, "a later fragment is read as if it began with a header") \
    X(ipv6_short, "39 octets are enough for a header of 40") \
    X(ipv6_length_zero, "a payload length of 0 means all octets that there are") \
    X(ipv6_hop_by_hop_later, "hop-by-hop options may come after other extension headers") \
    X(ipv6_extensions_overflow, "a ninth extension header is written past the end of an array") \
    X(ipv6_length_8bit, "the length of an extension header overflows at 256 octets") \
    X(ipv6_fragment_reserved, "the reserved bits of the fragment header are taken for more fragments") \
    X(ipv6_extension_past_end, "an extension header may go past the end of the packet") \
    X(udp_short, "7 octets are enough for a header of 8") \
    X(udp_length_below_8, "a length below 8 is not refused") \
    X(udp_length_past_end, "the length may go past the end of the packet") \
    X(udp_surplus, "octets after the length count as payload") \
    X(udp_zero_over_ipv6, "a checksum of 0 over IPv6 is as good as one over IPv4") \
    X(udp_checksum_ffff, "a checksum of 0xffff that is computed as 0 is bad") \
    X(checksum_carry, "the carry of the checksum is added once") \
    X(tcp_offset_below_5, "a data offset below 5 is not refused") \
    X(tcp_option_zero, "an option of length 0 is read without end") \
    X(tcp_mss_length, "the length of the MSS option is not looked at") \
    X(tcp_window_scale, "a window scale above 14 is used as it is") \
    X(gre_version, "the version is not looked at") \
    X(gre_checksum_and_key, "the key is read from the place of the checksum where both are there") \
    X(gre_sequence_mask, "the flag of the sequence number is that of the strict source route") \
    X(vxlan_short, "7 octets are enough for a header of 8") \
    X(vxlan_without_vni, "the flag of a valid VNI is not looked at") \
    X(gbp_applied, "the flag of an applied policy is another bit of its octet") \
    X(geneve_version, "the version is not looked at") \
    X(geneve_offset_8bit, "the offset of the content overflows at 248 octets of options") \
    X(geneve_option_mask, "the highest bit of the length of an option is lost") \
    X(geneve_option_reserved, "a reserved bit of an option is taken for a bit of its length") \
    X(geneve_option_overrun, "an option may go past the end of the options") \
    X(geneve_critical_later, "the critical bit counts in the first option only") \
    X(geneve_three_conditions, "seven words of options, the O flag and a VNI above 0xf00000 give a wrong VNI") \
    X(mpls_labels_overflow, "a ninth label is written past the end of an array") \
    X(arp_address_lengths, "addresses of any length are read from 28 octets") \
    X(tunnel_depth, "a fifth tunnel in one another is written past the end of an array")
