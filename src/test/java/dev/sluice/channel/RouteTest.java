package dev.sluice.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.limit.Throttle;
import dev.sluice.settings.Caching;
import dev.sluice.settings.Routing;
import dev.sluice.vendor.Failure;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Limits;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RouteTest {
    private static final Failure BROKEN = new Failure(Failure.Kind.NETWORK, "broken");
    private static final Failure REFUSED = new Failure(Failure.Kind.KEY_REFUSED, "refused");

    private long now = 1_000_000;

    private static Live live(long id, int priority, int weight, int keys) {
        return live(id, priority, weight, keys, 1_000_000);
    }

    private static Live live(long id, int priority, int weight, int keys, long priceFactor) {
        Channel channel = new Channel(
                id,
                Character.toString((char) ('a' + id)),
                "openai",
                "https://x",
                List.of(),
                List.of(new Glob("*")),
                Map.of(),
                Set.of("default"),
                priority,
                weight,
                true,
                Map.of(),
                Map.of(),
                Limits.NONE,
                Limits.NONE,
                Timeouts.NONE,
                priceFactor,
                List.of(),
                0,
                0);
        List<Live.Key> all = IntStream.range(0, keys)
                .mapToObj(key -> new Live.Key(null, new Health()))
                .toList();
        return new Live(channel, new Health(), all, new Throttle(Limits.NONE), freed -> {});
    }

    private String names(Route route, int calls) {
        return IntStream.range(0, calls)
                .mapToObj(call ->
                        route.choose(Set.of(), null, 1, null, now).channel().name())
                .collect(Collectors.joining());
    }

    @Test
    void spreadsByWeight_smoothly() {
        Route route =
                new Route(List.of(live(0, 0, 5, 1), live(1, 0, 1, 1), live(2, 0, 1, 1)), Routing.DEFAULT, Caching.NONE);

        assertThat(names(route, 14)).isEqualTo("aabacaaaabacaa");
    }

    @Test
    void takesTheHighestPriorityFirst_andTheNextWhenItIsTried() {
        Route route =
                new Route(List.of(live(0, 1, 1, 1), live(1, 5, 1, 1), live(2, 5, 1, 1)), Routing.DEFAULT, Caching.NONE);
        Set<Object> tried = new HashSet<>();
        StringBuilder order = new StringBuilder();
        for (Choice choice = route.choose(tried, null, 1, null, now);
                choice != null;
                choice = route.choose(tried, null, 1, null, now)) {
            order.append(choice.channel().name());
            choice.failed(BROKEN, now, tried);
        }

        assertThat(order).hasToString("bca");
    }

    @Test
    void triesAnotherKeyOfTheChannel_whenOneIsRefused_andLeavesItAloneForLong() {
        Route route = new Route(List.of(live(0, 0, 1, 2)), Routing.DEFAULT, Caching.NONE);
        Set<Object> tried = new HashSet<>();
        route.choose(tried, null, 1, null, now).failed(REFUSED, now, tried);

        Choice second = route.choose(tried, null, 1, null, now);
        assertThat(second).isNotNull();
        second.succeeded();
        now += Duration.ofMinutes(29).toMillis();
        Set<Choice> choices = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            Choice choice = route.choose(Set.of(), null, 1, null, now);
            choice.failed(REFUSED, now, new HashSet<>());
            choices.add(choice);
            if (route.choose(Set.of(), null, 1, null, now) == null) {
                break;
            }
        }
        assertThat(choices).hasSize(1);
    }

    @Test
    void staysWithThePinnedChannel() {
        Route route = new Route(List.of(live(0, 9, 1, 1), live(1, 0, 1, 1)), Routing.DEFAULT, Caching.NONE);

        assertThat(route.choose(Set.of(), 1L, 1, null, now).channel().name()).isEqualTo("b");
        assertThat(route.choose(Set.of(), 7L, 1, null, now)).isNull();
    }

    @Test
    void neverCoolsForOneError_coolsAfterThree_probesOnce_andRecovers() {
        Route route = new Route(List.of(live(0, 0, 1, 1)), Routing.DEFAULT, Caching.NONE);
        for (int i = 0; i < 3; i++) {
            Choice choice = route.choose(Set.of(), null, 1, null, now);
            assertThat(choice).as("attempt " + i).isNotNull();
            choice.failed(BROKEN, now, new HashSet<>());
        }
        assertThat(route.choose(Set.of(), null, 1, null, now)).isNull();
        assertThat(route.retryAt(now)).isBetween(now + 2_000, now + 2_300);

        now = route.retryAt(now);
        Choice probe = route.choose(Set.of(), null, 1, null, now);
        assertThat(probe).isNotNull();
        assertThat(route.choose(Set.of(), null, 1, null, now))
                .as("a second probe")
                .isNull();
        probe.failed(BROKEN, now, new HashSet<>());
        assertThat(route.retryAt(now)).as("the next pause is longer").isGreaterThanOrEqualTo(now + 4_000);

        now = route.retryAt(now);
        Choice again = route.choose(Set.of(), null, 1, null, now);
        again.undecided(now);
        Choice third = route.choose(Set.of(), null, 1, null, now);
        assertThat(third).as("a probe whose caller left may be made again").isNotNull();
        third.answered();
        assertThat(route.choose(Set.of(), null, 1, null, now)).isNotNull();
    }

    @Test
    void honoursRetryAfter() {
        Route route = new Route(List.of(live(0, 0, 1, 1)), Routing.DEFAULT, Caching.NONE);
        route.choose(Set.of(), null, 1, null, now)
                .failed(new Failure(Failure.Kind.RATE_LIMITED, "", Duration.ofSeconds(7)), now, new HashSet<>());

        assertThat(route.choose(Set.of(), null, 1, null, now + 6_999)).isNull();
        assertThat(route.choose(Set.of(), null, 1, null, now + 7_000)).isNotNull();
    }

    private static Route route(Routing.Strategy strategy, Live... channels) {
        return new Route(List.of(channels), new Routing(strategy, Routing.Sticky.USER), Caching.NONE);
    }

    private String chosenFor(Route route, String kin, Set<Object> tried) {
        Choice choice = route.choose(tried, null, 1, kin, now);
        choice.used(0);
        return choice.channel().name();
    }

    @Test
    void fillsTheLeastBusy_byWeight() {
        Route route = route(Routing.Strategy.LEAST_BUSY, live(0, 0, 2, 1), live(1, 0, 1, 1));

        assertThat(names(route, 6).chars().filter(name -> name == 'a')).hasSize(4);
    }

    @Test
    void takesTheCheapest_andTurnsAmongThoseThatCostTheSame() {
        Route route = route(
                Routing.Strategy.CHEAPEST,
                live(0, 0, 1, 1, 2_000_000),
                live(1, 0, 1, 1, 500_000),
                live(2, 0, 1, 1, 500_000));

        assertThat(names(route, 4)).isEqualTo("bcbc");
    }

    @Test
    void takesTheFastest_untilItHasMoreToDo_andForgetsWithTimeWhoWasSlow() {
        Live slow = live(0, 0, 1, 1);
        Live fast = live(1, 0, 1, 1);
        Route route = route(Routing.Strategy.FASTEST, slow, fast);
        slow.health().firstToken(900, now);
        fast.health().firstToken(200, now);

        assertThat(names(route, 4)).as("open calls count").isEqualTo("bbbb");
        assertThat(names(route, 2)).contains("a");

        slow.health().firstToken(100, now);
        assertThat(slow.health().peakMs(now)).as("one fast stream is no proof").isGreaterThan(700);
        now += Duration.ofMinutes(5).toMillis();
        assertThat(slow.health().peakMs(now)).isEqualTo(50);
    }

    @Test
    void keepsKinTogether_andMovesOnlyThoseOfAChannelThatIsGone() {
        Live[] channels = {live(0, 0, 1, 1), live(1, 0, 1, 1), live(2, 0, 1, 1)};
        Route route = route(Routing.Strategy.ROUND_ROBIN, channels);
        Map<String, Integer> sizes = new java.util.HashMap<>();
        for (int i = 0; i < 300; i++) {
            String kin = "user-" + i;
            String home = chosenFor(route, kin, Set.of());
            sizes.merge(home, 1, Integer::sum);
            assertThat(chosenFor(route, kin, Set.of())).isEqualTo(home);
            String without = chosenFor(route, kin, Set.of(channels[2]));
            assertThat(without).isEqualTo(home.equals("c") ? without : home);
        }
        assertThat(sizes.values())
                .hasSize(3)
                .allSatisfy(size -> assertThat(size).isBetween(70, 130));
    }
}
