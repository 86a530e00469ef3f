package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

class BlockHoundTest {
    private static final LoopResources LOOP = LoopResources.create("planted", 1, true);

    @Test
    void catchesABlockingCall_onAnEventLoop() {
        EventLoopGroup group = LOOP.onServer(LoopResources.DEFAULT_NATIVE);
        EventLoop loop = group.next();

        Future<?> planted = loop.submit(() -> {
            Thread.sleep(1);
            return null;
        });

        Assertions.assertThatThrownBy(() -> planted.get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(BlockingOperationError.class);
    }

    @Test
    void catchesABlockingCall_onReactorsParallelScheduler() {
        Mono<Integer> planted = Mono.fromCallable(() -> {
                    Thread.sleep(1);
                    return 1;
                })
                .subscribeOn(Schedulers.parallel());

        Assertions.assertThatThrownBy(planted::block).hasRootCauseInstanceOf(BlockingOperationError.class);
    }

    @Test
    void letsATestsOwnThreadBlock() throws InterruptedException {
        Thread.sleep(1);

        assertThat(Thread.currentThread().getName()).isNotEmpty();
    }
}
