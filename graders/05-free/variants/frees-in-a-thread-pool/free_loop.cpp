#include <unistd.h>
#include <cctype>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
struct Pool {
    std::mutex m;
    std::condition_variable c, done;
    std::deque<std::function<void()>> q;
    int busy = 0;
    bool stop = false;
    std::vector<std::thread> t;
    Pool() {
        for (int i = 0; i < 4; ++i)
            t.emplace_back([this] {
                std::unique_lock l(m);
                for (;;) {
                    c.wait(l, [this] { return stop || !q.empty(); });
                    if (q.empty())
                        return;
                    auto f = q.front();
                    q.pop_front();
                    ++busy;
                    l.unlock();
                    f();
                    l.lock();
                    --busy;
                    done.notify_all();
                }
            });
    }
    void run(std::function<void()> f) {
        std::unique_lock l(m);
        q.push_back(std::move(f));
        c.notify_one();
        done.wait(l, [this] { return q.empty() && !busy; });
    }
    ~Pool() {
        {
            std::lock_guard l(m);
            stop = true;
        }
        c.notify_all();
        for (auto& x : t)
            x.join();
    }
};
int main(int argc, char** argv) {
    unsigned long n = 0;
    char* e = nullptr;
    if (argc > 2 || (argc == 2 && (!std::isdigit((unsigned char)*argv[1]) ||
                                   (errno = 0, n = std::strtoul(argv[1], &e, 10), *e || errno)))) {
        std::fprintf(stderr, "free_loop: bad usage\n");
        return 2;
    }
    Pool pool;
    for (unsigned long i = 1; !n || i <= n; ++i) {
        int* a = (int*)std::malloc(5'000'000 * sizeof(int));
        if (!a) {
            std::perror("free_loop");
            return 1;
        }
        unsigned long* b = (unsigned long*)std::malloc(5'000'000 * sizeof(unsigned long));
        if (!b) {
            std::perror("free_loop");
            std::free(a);
            return 1;
        }
        std::printf("%p\t%p\n", (void*)a, (void*)b);
        std::fflush(stdout);
        pool.run([a, b] {
            std::free(a);
            std::free(b);
        });
        sleep(2);
    }

    return 0;
}
