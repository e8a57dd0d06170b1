// libtins: apt-get install libtins-dev; g++ -O1 -o libtins_adapter conformance/libtins_adapter.cpp -ltins
#include <iostream>
#include <sstream>
#include <string>
#include <tins/tins.h>
#include <vector>

using namespace Tins;

class Fields {
  public:
    template <typename Value> Fields &number(const char *name, Value value) {
        add(name) << static_cast<unsigned long>(value);
        return *this;
    }
    Fields &text(const char *name, const std::string &value) {
        add(name) << '"' << value << '"';
        return *this;
    }
    std::string str() const { return "{" + out.str() + "}"; }

  private:
    std::ostream &add(const char *name) {
        if (!out.str().empty()) out << ',';
        out << '"' << name << "\":";
        return out;
    }
    std::ostringstream out;
};

struct Answer {
    std::string headers;
    void add(const char *name, const Fields &fields) {
        if (!headers.empty()) headers += ',';
        headers += std::string("{\"path\":\"") + name + "\",\"fields\":" + fields.str() + "}";
    }
};

static void show(const PDU &pdu, Answer &answer) {
    Fields f;
    switch (pdu.pdu_type()) {
    case PDU::ETHERNET_II: {
        auto &p = static_cast<const EthernetII &>(pdu);
        answer.add("ethernet", f.text("dst", p.dst_addr().to_string()).text("src", p.src_addr().to_string()).number("ethertype", p.payload_type()));
        break;
    }
    case PDU::IEEE802_3: {
        auto &p = static_cast<const IEEE802_3 &>(pdu);
        answer.add("ethernet", f.text("dst", p.dst_addr().to_string()).text("src", p.src_addr().to_string()).number("ethertype", p.length()));
        break;
    }
    case PDU::DOT1Q: {
        auto &p = static_cast<const Dot1Q &>(pdu);
        answer.add("vlan", f.number("pcp", p.priority()).number("dei", p.cfi()).number("vid", p.id()).number("ethertype", p.payload_type()));
        break;
    }
    case PDU::MPLS: {
        auto &p = static_cast<const MPLS &>(pdu);
        answer.add("mpls", f.number("label", p.label()).number("bottom_of_stack", p.bottom_of_stack()).number("ttl", p.ttl()));
        break;
    }
    case PDU::ARP: {
        auto &p = static_cast<const ARP &>(pdu);
        answer.add("arp", f.number("hardware_type", p.hw_addr_format()).number("protocol_type", p.prot_addr_format())
            .number("hardware_length", p.hw_addr_length()).number("protocol_length", p.prot_addr_length())
            .number("operation", p.opcode()).text("sender_hardware", p.sender_hw_addr().to_string())
            .text("sender_protocol", p.sender_ip_addr().to_string()).text("target_hardware", p.target_hw_addr().to_string())
            .text("target_protocol", p.target_ip_addr().to_string()));
        break;
    }
    case PDU::IP: {
        auto &p = static_cast<const IP &>(pdu);
        answer.add("ipv4", f.number("version", p.version()).number("ihl", p.head_len()).number("dscp", p.tos() >> 2).number("ecn", p.tos() & 3)
            .number("total_length", p.tot_len()).number("identification", p.id()).number("dont_fragment", p.flags() >> 1 & 1)
            .number("more_fragments", p.flags() & 1).number("reserved0", p.flags() >> 2 & 1).number("fragment_offset", p.fragment_offset())
            .number("ttl", p.ttl()).number("protocol", p.protocol()).number("checksum", p.checksum())
            .text("src", p.src_addr().to_string()).text("dst", p.dst_addr().to_string()));
        break;
    }
    case PDU::IPv6: {
        auto &p = static_cast<const IPv6 &>(pdu);
        f.number("version", p.version()).number("dscp", p.traffic_class() >> 2).number("ecn", p.traffic_class() & 3)
            .number("flow_label", p.flow_label()).number("payload_length", p.payload_length()).number("hop_limit", p.hop_limit())
            .text("src", p.src_addr().to_string()).text("dst", p.dst_addr().to_string());
        answer.add("ipv6", f);
        for (const auto &header : p.headers()) {
            Fields none;
            const char *name = header.option() == 0 ? "ipv6_hop_by_hop" : header.option() == 60 ? "ipv6_destination_options"
                : header.option() == 44 ? "ipv6_fragment" : header.option() == 43 ? "ipv6_routing" : nullptr;
            if (name) answer.add(name, none);
        }
        break;
    }
    case PDU::TCP: {
        auto &p = static_cast<const TCP &>(pdu);
        answer.add("tcp", f.number("src_port", p.sport()).number("dst_port", p.dport()).number("sequence", p.seq()).number("acknowledgment", p.ack_seq())
            .number("data_offset", p.data_offset()).number("window", p.window()).number("checksum", p.checksum()).number("urgent_pointer", p.urg_ptr())
            .number("fin", p.get_flag(TCP::FIN)).number("syn", p.get_flag(TCP::SYN)).number("rst", p.get_flag(TCP::RST)).number("psh", p.get_flag(TCP::PSH))
            .number("ack", p.get_flag(TCP::ACK)).number("urg", p.get_flag(TCP::URG)).number("ece", p.get_flag(TCP::ECE)).number("cwr", p.get_flag(TCP::CWR)));
        break;
    }
    case PDU::UDP: {
        auto &p = static_cast<const UDP &>(pdu);
        answer.add("udp", f.number("src_port", p.sport()).number("dst_port", p.dport()).number("length", p.length()).number("checksum", p.checksum()));
        break;
    }
    case PDU::ICMP: {
        auto &p = static_cast<const ICMP &>(pdu);
        answer.add("icmp", f.number("type", p.type()).number("code", p.code()).number("checksum", p.checksum()));
        if (p.type() == ICMP::ECHO_REQUEST || p.type() == ICMP::ECHO_REPLY) {
            Fields echo;
            answer.add("icmp_echo", echo.number("identifier", p.id()).number("sequence", p.sequence()));
        }
        break;
    }
    case PDU::ICMPv6: {
        auto &p = static_cast<const ICMPv6 &>(pdu);
        answer.add("icmpv6", f.number("type", p.type()).number("code", p.code()).number("checksum", p.checksum()));
        break;
    }
    case PDU::PPPOE: {
        auto &p = static_cast<const PPPoE &>(pdu);
        answer.add(p.code() ? "pppoe_discovery" : "pppoe", f.number("version", p.version()).number("type", p.type()).number("code", p.code())
            .number("session_id", p.session_id()).number("length", p.payload_length()));
        break;
    }
    case PDU::IPSEC_AH: {
        auto &p = static_cast<const IPSecAH &>(pdu);
        answer.add("ah", f.number("next_header", p.next_header()).number("payload_len", p.length()).number("spi", p.spi()).number("sequence", p.seq_number()));
        break;
    }
    case PDU::IPSEC_ESP: {
        auto &p = static_cast<const IPSecESP &>(pdu);
        answer.add("esp", f.number("spi", p.spi()).number("sequence", p.seq_number()));
        break;
    }
    case PDU::LLC: {
        auto &p = const_cast<LLC &>(static_cast<const LLC &>(pdu));
        answer.add("llc", f.number("dsap", p.dsap()).number("ssap", p.ssap()));
        break;
    }
    case PDU::SNAP: answer.add("snap", f); break;
    case PDU::STP: answer.add("stp", f); break;
    case PDU::SLL: answer.add("sll", f); break;
    default: break;
    }
}

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream in(line);
        int link = 0, wire = 0;
        std::string digits;
        in >> link >> wire >> digits;
        std::vector<uint8_t> data;
        for (size_t i = 0; digits != "-" && i + 1 < digits.size(); i += 2) data.push_back(std::stoi(digits.substr(i, 2), nullptr, 16));
        Answer answer;
        std::string fault = "null";
        data.reserve(1);
        if (link == 12 || link == 14 || link == 101) link = !data.empty() && data[0] >> 4 == 6 ? 229 : 228;
        try {
            std::unique_ptr<PDU> pdu;
            const uint8_t *octets = data.data();
            if (link == 1 && data.size() > 13 && (octets[12] << 8 | octets[13]) < 1501) pdu.reset(new Dot3(octets, data.size()));
            else if (link == 1) pdu.reset(new EthernetII(octets, data.size()));
            else if (link == 228) pdu.reset(new IP(octets, data.size()));
            else if (link == 229) pdu.reset(new IPv6(octets, data.size()));
            else if (link == 113) pdu.reset(new SLL(octets, data.size()));
            for (const PDU *each = pdu.get(); each; each = each->inner_pdu()) show(*each, answer);
        } catch (const exception_base &error) {
            fault = std::string("\"") + error.what() + "\"";
        }
        std::cout << "{\"headers\":[" << answer.headers << "],\"fault\":" << fault << "}" << std::endl;
    }
}
