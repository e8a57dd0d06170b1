/* A receiver of overlay packets, and the bugs that can be planted in it, one at a time.
 *
 * `walk` reads a frame as the specifications say and notes what it read in a digest. With a bug it reads otherwise at
 * one place. `LLVMFuzzerTestOneInput` reads each input twice, without the bug and with it, and stops where the digests
 * differ, or where AddressSanitizer stops. An exact copy of the input on the heap lets the sanitizer see each octet
 * that is read past its end.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bugs.h"

enum { NONE, BUGS(ENUM) COUNT };
#define BUG(name) (planted == BUG_##name)

enum { TAGS = 8, LABELS = 8, SCOPES = 4, EXTENSIONS = 8, STEPS = 4096 };

struct walk {
    const uint8_t *data;
    uint64_t digest;
    int depth, steps, stopped;
    uint32_t *tags, *labels, *scopes;
    uint8_t *extensions;
};

static int planted;

static void note(struct walk *w, uint32_t what, uint64_t value) {
    w->digest = (w->digest ^ what) * 1099511628211u;
    w->digest = (w->digest ^ value) * 1099511628211u;
}

/* The end of the walk: what is wrong, by its line. */
static void stop(struct walk *w, int why) {
    w->stopped = 1;
    note(w, 1, (uint64_t)why);
}
#define STOP_IF(condition) do { if (condition) { stop(w, __LINE__); return; } } while (0)
/* A correct parser never takes so many steps for a frame. */
#define STEP() STOP_IF(++w->steps > STEPS)

static unsigned be16(const struct walk *w, size_t at) { return (unsigned)w->data[at] << 8 | w->data[at + 1]; }
static uint32_t be24(const struct walk *w, size_t at) { return be16(w, at) << 8 | w->data[at + 2]; }
static uint32_t be32(const struct walk *w, size_t at) { return (uint32_t)be16(w, at) << 16 | be16(w, at + 2); }

/* The sum of 16-bit words, not folded. */
static uint64_t words(const struct walk *w, size_t at, size_t end) {
    uint64_t sum = 0;
    for (; at < end; at += 2) sum += (unsigned)w->data[at] << 8 | (at + 1 < end ? w->data[at + 1] : 0u);
    return sum;
}

static unsigned folded(uint64_t sum) {
    if (BUG(checksum_carry)) return (unsigned)((sum & 0xffff) + (sum >> 16)) & 0xffff;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (unsigned)sum;
}

static void ethernet(struct walk *w, size_t at, size_t end);
static void content(struct walk *w, unsigned type, size_t at, size_t end);
static void transport(struct walk *w, unsigned protocol, size_t at, size_t end, uint64_t addresses, int six);

static void payload(struct walk *w, size_t at, size_t end) {
    note(w, 2, end - at);
    note(w, 3, words(w, at, end));
}

/* One more scope, named by the number of its network. */
static int opened(struct walk *w, uint32_t number) {
    if (w->depth >= SCOPES && !BUG(tunnel_depth)) return 0;
    w->scopes[w->depth++] = number;
    return 1;
}

static void vxlan(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < (BUG(vxlan_short) ? 7 : 8));
    unsigned flags = w->data[at];
    STOP_IF(!(flags & 0x08) && !BUG(vxlan_without_vni));
    if (flags & 0x80) { /* the group policy of draft-smith-vxlan-group-policy-05 */
        note(w, 10, be16(w, at + 2));
        note(w, 11, (w->data[at + 1] & (BUG(gbp_applied) ? 0x80 : 0x08)) != 0);
        note(w, 12, (w->data[at + 1] & 0x40) != 0);
    }
    STOP_IF(!opened(w, be24(w, at + 4)));
    note(w, 13, be24(w, at + 4));
    ethernet(w, at + 8, end);
}

static void geneve(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < 8);
    STOP_IF(w->data[at] >> 6 != 0 && !BUG(geneve_version));
    size_t octets = (w->data[at] & 0x3fu) * 4;
    size_t start = at + (BUG(geneve_offset_8bit) ? (uint8_t)(8 + octets) : 8 + octets);
    STOP_IF(start > end);
    uint32_t vni = be24(w, at + 4);
    if (BUG(geneve_three_conditions) && w->data[at] == 7 && (w->data[at + 1] & 0x80) && vni > 0xf00000) vni ^= 1;
    note(w, 20, vni);
    note(w, 21, w->data[at + 1] & 0xc0);
    for (size_t option = at + 8, count = 0; option < start; count++) {
        STEP();
        unsigned type = w->data[option + 2], last = w->data[option + 3];
        unsigned mask = BUG(geneve_option_mask) ? 0x0f : BUG(geneve_option_reserved) ? 0x3f : 0x1f;
        size_t length = 4 + (last & mask) * 4;
        if (BUG(geneve_option_overrun)) STOP_IF(option + length > end);
        else STOP_IF(option + length > start);
        note(w, 22, (uint64_t)be16(w, option) << 8 | type);
        note(w, 23, words(w, option + 4, option + length));
        if ((type & 0x80) && !(BUG(geneve_critical_later) && count)) { /* nothing here knows it */
            stop(w, __LINE__);
            return;
        }
        option += length;
    }
    STOP_IF(!opened(w, vni));
    if (w->data[at + 1] & 0x80) payload(w, start, end); /* a control packet */
    else content(w, be16(w, at + 2), start, end);
}

static void gre(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < 4);
    unsigned flags = be16(w, at), type = be16(w, at + 2);
    STOP_IF((flags & 7) && !BUG(gre_version));
    STOP_IF(flags & 0x4000);
    size_t next = at + 4;
    unsigned sequence = BUG(gre_sequence_mask) ? 0x0800 : 0x1000;
    size_t octets = (flags & 0x8000 ? 4u : 0) + (flags & 0x2000 ? 4u : 0) + (flags & sequence ? 4u : 0);
    STOP_IF(end - next < octets);
    if (flags & 0x8000) {
        note(w, 30, folded(words(w, at, end)) == 0xffff);
        next += 4;
    }
    if (flags & 0x2000) {
        note(w, 31, be32(w, BUG(gre_checksum_and_key) ? at + 4 : next));
        next += 4;
    }
    if (flags & sequence) {
        note(w, 32, be32(w, next));
        next += 4;
    }
    STOP_IF(!opened(w, 0));
    content(w, type, next, end);
}

static void udp(struct walk *w, size_t at, size_t end, uint64_t addresses, int six) {
    STOP_IF(end - at < (BUG(udp_short) ? 7 : 8));
    unsigned port = be16(w, at + 2), length = be16(w, at + 4), checksum = be16(w, at + 6);
    STOP_IF(length < 8 && !BUG(udp_length_below_8));
    STOP_IF(length > end - at && !BUG(udp_length_past_end));
    size_t stops = BUG(udp_surplus) ? end : at + length;
    note(w, 40, length);
    if (checksum == 0) {
        note(w, 41, six && !BUG(udp_zero_over_ipv6));
    } else { /* what is computed as 0 is sent as 0xffff */
        unsigned right = 0xffff & ~folded(addresses + 17 + length + words(w, at, at + length) - checksum);
        note(w, 42, (right == 0 && !BUG(udp_checksum_ffff) ? 0xffff : right) == checksum);
    }
    if (port == 4789) vxlan(w, at + 8, stops);
    else if (port == 6081) geneve(w, at + 8, stops);
    else payload(w, at + 8, stops);
}

static void tcp(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < 20);
    size_t header = (w->data[at + 12] >> 4) * 4u;
    STOP_IF(header < 20 && !BUG(tcp_offset_below_5));
    STOP_IF(header > end - at);
    for (size_t option = at + 20; option != at + header;) {
        STEP();
        unsigned kind = w->data[option];
        note(w, 50, kind);
        if (kind == 0) break;
        if (kind == 1) {
            option++;
            continue;
        }
        STOP_IF(option + 1 >= at + header);
        size_t length = w->data[option + 1];
        STOP_IF(length < 2 && !BUG(tcp_option_zero));
        STOP_IF(option + length > at + header);
        if (kind == 2) {
            STOP_IF(length != 4 && !BUG(tcp_mss_length));
            note(w, 51, be16(w, option + 2));
        }
        if (kind == 3) { /* RFC 7323 section 2.3: more than 14 counts as 14 */
            STOP_IF(length != 3);
            unsigned shift = w->data[option + 2];
            note(w, 52, shift > 14 && !BUG(tcp_window_scale) ? 14 : shift);
        }
        option += length;
    }
    payload(w, at + header, end);
}

static void ipv4(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < 20);
    STOP_IF(w->data[at] >> 4 != 4);
    size_t header = (w->data[at] & 15u) * 4, total = be16(w, at + 2);
    STOP_IF(header < 20 && !BUG(ipv4_ihl_below_5) && !(BUG(inner_ihl_below_5) && w->depth));
    STOP_IF(header > end - at && !BUG(ipv4_header_past_end));
    STOP_IF(total < header && !BUG(ipv4_total_below_header));
    STOP_IF(total > end - at && !BUG(ipv4_total_past_end));
    if (!BUG(ipv4_padding) && !(BUG(inner_padding) && w->depth)) end = at + total;
    note(w, 60, folded(words(w, at, at + header)) == 0xffff);
    for (size_t option = at + 20; option != at + header;) {
        STEP();
        unsigned kind = w->data[option];
        note(w, 61, kind);
        if (kind == 0 && !BUG(ipv4_end_of_options)) break;
        if (kind <= 1) {
            option++;
            continue;
        }
        STOP_IF(option + 1 >= at + header);
        size_t length = w->data[option + 1];
        STOP_IF(length < 2 && !BUG(ipv4_option_zero));
        STOP_IF(option + length > at + header && !BUG(ipv4_option_overrun));
        if (kind == 7) { /* record route: where the next address goes */
            STOP_IF(length < 3);
            size_t pointer = w->data[option + 2];
            STOP_IF(pointer < 4);
            if (BUG(ipv4_route_pointer) ? pointer <= length : pointer + 3 <= length)
                note(w, 62, be32(w, option + pointer - 1));
        }
        note(w, 63, words(w, option, option + length));
        option += length;
    }
    unsigned fragment = be16(w, at + 6);
    note(w, 64, (fragment & (BUG(ipv4_reserved_flag) ? 0xa000 : 0x2000)) != 0);
    note(w, 65, fragment & (BUG(ipv4_offset_mask) ? 0x0fff : 0x1fff));
    if ((fragment & 0x1fff) && !BUG(ipv4_later_fragment)) {
        payload(w, at + header, end);
        return;
    }
    transport(w, w->data[at + 9], at + header, end, words(w, at + 12, at + 20), 0);
}

static void ipv6(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < (BUG(ipv6_short) ? 39 : 40));
    STOP_IF(w->data[at] >> 4 != 6);
    size_t length = be16(w, at + 4);
    STOP_IF(length > end - at - 40);
    if (length || !BUG(ipv6_length_zero)) end = at + 40 + length;
    uint64_t addresses = words(w, at + 8, at + 40);
    unsigned next = w->data[at + 6];
    size_t start = at + 40;
    for (int count = 0; next == 0 || next == 43 || next == 44 || next == 60; count++) {
        STEP();
        STOP_IF(next == 0 && count && !BUG(ipv6_hop_by_hop_later));
        STOP_IF(count == EXTENSIONS && !BUG(ipv6_extensions_overflow));
        STOP_IF(start > end || end - start < 8);
        w->extensions[count] = (uint8_t)next;
        size_t octets = next == 44 ? 8 : (w->data[start + 1] + 1u) * 8;
        if (BUG(ipv6_length_8bit)) octets = (uint8_t)octets;
        STOP_IF(octets > end - start && !BUG(ipv6_extension_past_end));
        note(w, 70, next);
        if (next == 44) {
            unsigned fragment = be16(w, start + 2);
            note(w, 71, (fragment & (BUG(ipv6_fragment_reserved) ? 7 : 1)) != 0);
            note(w, 72, fragment >> 3);
            if (fragment >> 3) {
                payload(w, start + 8, end);
                return;
            }
        } else {
            note(w, 73, words(w, start + 2, start + octets));
        }
        next = w->data[start];
        start += octets;
    }
    transport(w, next, start, end, addresses, 1);
}

static void transport(struct walk *w, unsigned protocol, size_t at, size_t end, uint64_t addresses, int six) {
    note(w, 80, protocol);
    switch (protocol) {
        case 4: STOP_IF(!opened(w, 0)); ipv4(w, at, end); return;
        case 6: tcp(w, at, end); return;
        case 17: udp(w, at, end, addresses, six); return;
        case 41: STOP_IF(!opened(w, 0)); ipv6(w, at, end); return;
        case 47: gre(w, at, end); return;
        default: payload(w, at, end);
    }
}

static void mpls(struct walk *w, size_t at, size_t end) {
    for (int count = 0;; count++) {
        STOP_IF(end - at < 4);
        STOP_IF(count == LABELS && !BUG(mpls_labels_overflow));
        uint32_t entry = be32(w, at);
        w->labels[count] = entry >> 12;
        note(w, 90, entry);
        at += 4;
        if (entry & 0x100) break;
    }
    STOP_IF(at == end);
    if (w->data[at] >> 4 == 4) ipv4(w, at, end);
    else if (w->data[at] >> 4 == 6) ipv6(w, at, end);
    else payload(w, at, end);
}

static void arp(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < 8);
    size_t octets = 8 + 2u * (w->data[at + 4] + w->data[at + 5]);
    STOP_IF(end - at < (BUG(arp_address_lengths) ? 28 : octets));
    note(w, 100, words(w, at, at + octets));
}

static void content(struct walk *w, unsigned type, size_t at, size_t end) {
    note(w, 110, type);
    switch (type) {
        case 0x0800: ipv4(w, at, end); return;
        case 0x0806: arp(w, at, end); return;
        case 0x6558: ethernet(w, at, end); return;
        case 0x86dd: ipv6(w, at, end); return;
        case 0x8847: case 0x8848: mpls(w, at, end); return;
        default: payload(w, at, end);
    }
}

static void ethernet(struct walk *w, size_t at, size_t end) {
    STOP_IF(end - at < 14);
    unsigned type = be16(w, at + 12);
    at += 14;
    for (int count = 0; type == 0x8100 || type == 0x88a8 || type == 0x9100; count++) {
        if (count == 2 && (BUG(vlan_third_tag) || (BUG(inner_third_tag) && w->depth))) break;
        if (count && type == 0x88a8 && BUG(vlan_service_tag_inside)) break;
        STOP_IF(end - at < 4);
        STOP_IF(count == TAGS && !BUG(vlan_tags_overflow));
        unsigned tag = be16(w, at);
        w->tags[count] = tag & (BUG(vlan_dei_in_vid) ? 0x1fff : 0x0fff);
        note(w, 120, w->tags[count]);
        type = be16(w, at + 2);
        at += 4;
    }
    if (type <= (BUG(ieee802_3_length) ? 1499 : 1500)) { /* IEEE 802.3: the octets that follow */
        STOP_IF(type > end - at);
        payload(w, at, at + type);
        return;
    }
    content(w, type, at, end);
}

/* The digest of a frame, read with a bug or with none. */
static uint64_t digest_of(const uint8_t *data, size_t size, int bug) {
    uint8_t *copy = malloc(size ? size : 1);
    struct walk w = {copy, 14695981039346656037u, 0, 0, 0, malloc(TAGS * 4), malloc(LABELS * 4), malloc(SCOPES * 4),
                     malloc(EXTENSIONS)};
    memcpy(copy, data, size);
    planted = bug;
    ethernet(&w, 0, size);
    free(w.tags), free(w.labels), free(w.scopes), free(w.extensions), free(copy);
    return w.digest;
}

static const char *const NAMES[] = {"none", BUGS(NAME)};

static int bug_called(const char *name) {
    for (int bug = 0; bug < COUNT; bug++)
        if (name && !strcmp(name, NAMES[bug])) return bug;
    fprintf(stderr, "no bug %s\n", name ? name : "in PLANTED");
    exit(2);
}

#ifdef ENGINE
/* For AFL++ and libFuzzer: the bug that the variable PLANTED names. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int bug = -1;
    if (bug < 0) bug = bug_called(getenv("PLANTED"));
    if (digest_of(data, size, NONE) != digest_of(data, size, bug)) abort();
    return 0;
}
#else
/* overlay BUG FILE: the number of the first case that shows the bug, or -1; cases are a 32-bit length and octets. */
static long number;

void __asan_on_error(void) {
    printf("%ld\n", number);
    fflush(stdout);
    _Exit(0);
}

int main(int argc, char **argv) {
    static uint8_t data[1 << 17];
    uint32_t size;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (!file) return 2;
    int bug = bug_called(argv[1]);
    for (; fread(&size, 4, 1, file) == 1 && size <= sizeof data && fread(data, 1, size, file) == size; number++)
        if (digest_of(data, size, NONE) != digest_of(data, size, bug)) {
            printf("%ld\n", number);
            return 0;
        }
    puts("-1");
    return 0;
}
#endif
