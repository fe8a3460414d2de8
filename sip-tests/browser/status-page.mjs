// Logs in and watches the status page: node status-page.mjs URL LOGIN PASSWORD. Needs NODE_PATH with playwright-core.
// Prints "shown" once the trunk is on the page, then waits for a registration of 1002, a live call and its end,
// all without a reload. Ends with 1 and says why when something does not come or the page complains.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require(`${process.env.TANDEM_TEST_NODE_PATH}/playwright-core`);
const [url, login, password] = process.argv.slice(2);
const PATIENCE_MS = 30_000;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const complaints = [];
try {
  const page = await browser.newPage({ locale: "en" });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("requestfailed", (request) => complaints.push(`not loaded: ${request.url()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`from elsewhere: ${request.url()}`);
  });

  await page.goto(url);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click("button[type=submit]");
  let loads = 0;
  await row(page, "trunks", "caller");
  await row(page, "trunks", "callee");
  page.on("load", () => { loads += 1; });
  console.log("shown");

  await row(page, "registrations", "1002");
  await row(page, "calls", "+15550123");
  await row(page, "calls", "talking");
  await row(page, "recent", "+15550123");
  await row(page, "recent", "normal");
  if (loads > 0) complaints.push(`the page was loaded again ${loads} times`);
} catch (error) {
  complaints.push(String(error));
} finally {
  await browser.close();
}
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);

function row(page, table, text) {
  return page.locator(`#${table} tr`, { hasText: text }).first().waitFor();
}
