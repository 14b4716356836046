#include "arena/vm/wire/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace vmlab::arena::wire {
namespace {

using nlohmann::json;

std::string every_byte() {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        bytes.push_back(static_cast<char>(i));
    }
    return bytes;
}

std::string frame_of(const std::string& body) {
    std::string frame;
    for (unsigned i = 0; i < 4; ++i) {
        frame.push_back(static_cast<char>((body.size() >> (8 * i)) & 0xffU));
    }
    return frame + body;
}

std::string frame_of(const json& value) {
    std::string body;
    json::to_cbor(value, body);
    return frame_of(body);
}

process::Result<std::optional<Event>> decode(const std::string& frame) {
    Decoder decoder(1U << 20U, 8U << 20U);
    decoder.add(frame);
    return decoder.next();
}

template <class Kind>
Kind round_trip(const Kind& event) {
    const auto decoded = decode(encode(Event(event)));
    EXPECT_TRUE(decoded.has_value() && decoded->has_value());
    return std::get<Kind>(decoded->value());
}

TEST(WireOrder, ComesBackAsItWas) {
    Order order;
    order.programs.resize(2);
    Program& first = order.programs[0];
    first.argv = {"/bin/hog", "", every_byte()};
    first.environment = {{"PATH", "/bin"}, {"EMPTY", ""}};
    first.input = every_byte();
    first.oom_score_adj = -1000;
    first.oom_score_adj_floor = -500;
    first.as_root = true;
    first.hold_at_exit_ms = 2500;
    first.data_bytes = ~std::uint64_t{0};
    Program& second = order.programs[1];
    second.argv = {"/bin/other"};
    second.start_after_lines = 3;
    order.group_bytes = 64U << 20U;
    order.over_when_ended = 1;
    order.manual_kill = ManualKill{.program = 1, .after_lines = 2};
    order.sample_ms = 20;
    order.unix_ms = 1'800'000'000'000;

    order.swap_bytes = 5U << 20U;
    order.programs[1].dialogue =
        std::vector<Push>{{.reclaim = true, .memory_bytes = 4U << 20U, .spoiled_page = 9}, {}};
    order.programs[1].memory_bytes = 12U << 20U;
    order.programs[1].swap_bytes = 0;
    order.programs[1].huge_pages = false;
    const auto back = decode_order(encode(order));
    ASSERT_TRUE(back.has_value()) << back.error().what;
    EXPECT_EQ(encode(*back), encode(order));
    EXPECT_EQ(back->swap_bytes, 5U << 20U);
    EXPECT_FALSE(back->programs[0].dialogue);
    ASSERT_TRUE(back->programs[1].dialogue);
    ASSERT_EQ(back->programs[1].dialogue->size(), 2U);
    EXPECT_TRUE(back->programs[1].dialogue->front().reclaim);
    EXPECT_EQ(back->programs[1].dialogue->front().spoiled_page, 9U);
    EXPECT_EQ(back->programs[1].dialogue->front().memory_bytes, 4U << 20U);
    EXPECT_EQ(back->programs[1].dialogue->back().spoiled_page, std::nullopt);
    EXPECT_EQ(back->programs[1].memory_bytes, 12U << 20U);
    EXPECT_EQ(back->programs[1].swap_bytes, 0U);
    EXPECT_FALSE(back->programs[1].huge_pages);
    EXPECT_EQ(back->programs[0].argv, first.argv);
    EXPECT_EQ(back->programs[0].input, first.input);
    EXPECT_EQ(back->programs[0].oom_score_adj, -1000);
    EXPECT_EQ(back->programs[0].data_bytes, ~std::uint64_t{0});
    EXPECT_EQ(back->programs[1].oom_score_adj, std::nullopt);
    EXPECT_EQ(back->manual_kill->after_lines, 2);
}

TEST(WireOrder, MustHaveAProgramAndNameOnlyItsOwn) {
    Order order;
    EXPECT_FALSE(decode_order(encode(order)).has_value());
    order.programs.emplace_back().argv = {"/bin/true"};
    order.over_when_ended = 1;
    EXPECT_FALSE(decode_order(encode(order)).has_value());
    order.over_when_ended = 0;
    EXPECT_TRUE(decode_order(encode(order)).has_value());
    EXPECT_FALSE(decode_order("").has_value());
    EXPECT_FALSE(decode_order("no CBOR").has_value());
}

TEST(WireEvent, EachKindComesBackAsItWas) {
    EXPECT_EQ(round_trip(Started{.program = 1, .pid = 90}).pid, 90);
    EXPECT_EQ(round_trip(Output{.program = 0, .descriptor = 2, .bytes = every_byte()}).bytes, every_byte());
    EXPECT_EQ(round_trip(Log{.records = every_byte()}).records, every_byte());
    EXPECT_EQ(round_trip(Trouble{.what = "no disk"}).what, "no disk");
    EXPECT_TRUE(round_trip(Trouble{.what = "no zram", .machine_lacks = true}).machine_lacks);
    const Looked looked = round_trip(
        Looked{.program = 1, .lines = 3, .spoiled_pages = 2, .status = "Name:\tx\n", .stat = "7 (x) S"});
    EXPECT_EQ(looked.program, 1U);
    EXPECT_EQ(looked.lines, 3U);
    EXPECT_EQ(looked.spoiled_pages, 2U);
    EXPECT_EQ(looked.status + looked.stat, "Name:\tx\n7 (x) S");
    const Sample sample = round_trip(Sample{.program = 1,
                                            .at_ms = 40,
                                            .state = 'D',
                                            .status = "Name:\thog\n",
                                            .stat = "90 (hog) R",
                                            .heap_bytes = 1U << 20U,
                                            .oom_score = 666,
                                            .oom_score_adj = -1000});
    EXPECT_EQ(sample.state, 'D');
    EXPECT_EQ(sample.oom_score_adj, -1000);
    EXPECT_EQ(sample.stat, "90 (hog) R");
    const Ended ended = round_trip(
        Ended{.program = 1, .end = End::timed_out, .wait_status = 9, .elapsed_ms = 5, .oom_kills = 1});
    EXPECT_EQ(ended.end, End::timed_out);
    EXPECT_EQ(ended.wait_status, 9);
    const Facts facts = round_trip(Facts{.syslog = "s",
                                         .meminfo = "m",
                                         .vmstat = "v",
                                         .memory_events = "e",
                                         .peak_bytes = 7,
                                         .release = "6.1"});
    EXPECT_EQ(facts.syslog + facts.meminfo + facts.vmstat + facts.memory_events + facts.release, "smve6.1");
    EXPECT_EQ(facts.peak_bytes, 7U);
}

TEST(WireDecoder, TakesAStreamInPiecesOfAnySize) {
    std::string stream;
    for (int i = 0; i < 50; ++i) {
        stream += encode(Event(Output{.program = 0, .descriptor = 1, .bytes = std::to_string(i)}));
    }
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, stream.size()}) {
        Decoder decoder(1U << 20U, 8U << 20U);
        std::string together;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            decoder.add(std::string_view(stream).substr(at, piece));
            for (auto event = decoder.next(); event && *event; event = decoder.next()) {
                together += std::get<Output>(**event).bytes + ' ';
            }
        }
        EXPECT_THAT(together, testing::StartsWith("0 1 2 "));
        EXPECT_THAT(together, testing::EndsWith(" 48 49 "));
    }
}

TEST(WireDecoder, RefusesAFrameThatIsTooLongBeforeItHasCome) {
    Decoder decoder(100, 1000);
    decoder.add(std::string_view("\x65\x00\x00\x00", 4));
    EXPECT_FALSE(decoder.next().has_value());
}

TEST(WireDecoder, RefusesAStreamThatIsTooLongAndStaysBroken) {
    const std::string frame = encode(Event(Trouble{.what = "x"}));
    Decoder decoder(1000, 2 * frame.size());
    decoder.add(frame);
    EXPECT_TRUE(decoder.next().has_value());
    decoder.add(frame + "more");
    EXPECT_FALSE(decoder.next().has_value());
    decoder.add(frame);
    EXPECT_FALSE(decoder.next().has_value());
}

TEST(WireDecoder, RefusesWhatIsNoEvent) {
    EXPECT_FALSE(decode(frame_of(std::string())).has_value());
    EXPECT_FALSE(decode(frame_of(std::string("\xff"))).has_value());
    EXPECT_FALSE(decode(frame_of(json(1))).has_value());
    EXPECT_FALSE(decode(frame_of(json{{"event", "none"}})).has_value());
    EXPECT_FALSE(decode(frame_of(json{{"event", 1}})).has_value());
    EXPECT_FALSE(decode(frame_of(json{{"event", "started"}})).has_value());
}

TEST(WireDecoder, RefusesValuesThatNoGuestSends) {
    const auto started = [](const json& program, const json& pid) {
        return decode(frame_of(json{{"event", "started"}, {"program", program}, {"pid", pid}}));
    };
    EXPECT_TRUE(started(0, 1).has_value());
    EXPECT_FALSE(started(-1, 1).has_value());
    EXPECT_FALSE(started(0, 1LL << 40).has_value());
    EXPECT_FALSE(started(0, ~std::uint64_t{0}).has_value());
    EXPECT_FALSE(started(0, "1").has_value());
    EXPECT_FALSE(started(0, 1.5).has_value());
    EXPECT_FALSE(decode(frame_of(json{{"event", "output"}, {"program", 0}, {"descriptor", 3}, {"bytes", ""}}))
                     .has_value());
    EXPECT_FALSE(decode(frame_of(json{{"event", "ended"},
                                      {"program", 0},
                                      {"end", 5},
                                      {"wait_status", 0},
                                      {"elapsed_ms", 0},
                                      {"oom_kills", 0}}))
                     .has_value());
}

TEST(WireDecoder, RefusesAFrameNestedSoDeeplyThatReadingItWouldUseUpTheStack) {
    EXPECT_FALSE(decode(frame_of(std::string(1'000'000, '\x81'))).has_value());
    // Arrays and maps that claim more members than there are bytes.
    EXPECT_FALSE(decode(frame_of(std::string("\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9))).has_value());
    EXPECT_FALSE(decode(frame_of(std::string("\xbb\xff\xff\xff\xff\xff\xff\xff\x00", 9))).has_value());
    EXPECT_FALSE(decode(frame_of(std::string("\x7b\xff\xff\xff\xff\xff\xff\xff\x00", 9))).has_value());
}

TEST(WireDecoder, SurvivesRandomDamage) {
    Facts facts;
    facts.syslog = std::string(200, 's');
    const std::string frame = encode(Event(facts));
    std::mt19937 random(20261121);
    for (int round = 0; round < 1000; ++round) {
        std::string damaged = frame;
        for (int i = 0; i < 3; ++i) {
            damaged[4 + random() % (damaged.size() - 4)] = static_cast<char>(random());
        }
        Decoder decoder(1U << 20U, 8U << 20U);
        decoder.add(damaged);
        (void)decoder.next();
    }
}

}  // namespace
}  // namespace vmlab::arena::wire
