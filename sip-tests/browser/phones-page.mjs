// Sets phones up on their page by keyboard: node phones-page.mjs URL LOGIN PASSWORD. Needs NODE_PATH with playwright-core.
// Adds a phone, is shown its address, gives a softphone new secrets and sees its code, and removes a phone.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require(`${process.env.TANDEM_TEST_NODE_PATH}/playwright-core`);
const [url, login, password] = process.argv.slice(2);
const PATIENCE_MS = 20_000;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const complaints = [];
try {
  const page = await browser.newPage({ locale: "es" });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`from elsewhere: ${request.url()}`);
  });
  page.on("dialog", (dialog) => dialog.accept());

  await page.goto(url);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.keyboard.press("Enter");
  await page.locator("a[href='/admin/phones']").click();
  await row(page, "805ec0123456").waitFor();

  await page.focus("#mac");
  await page.keyboard.type("80:5E:C0:99:99:99");
  await page.selectOption("#vendor", "yealink");
  await page.fill("#stations", "1001");
  await page.fill("#keys", "line\nblf:1001=Ana");
  await page.focus("#stations");
  await page.keyboard.press("Enter");
  await row(page, "805ec0999999").waitFor();

  await press(page, "805ec0999999", 1);
  await page.locator("#url", { hasText: "/provisioning/805ec0999999/" }).waitFor();
  if (!(await page.evaluate(() => document.activeElement.id === "told"))) complaints.push("the address is not focused");

  await press(page, "020000000001", 2);
  await page.locator("#s-login", { hasText: "1001~020000000001" }).waitFor();
  await page.locator("#qr svg path").first().waitFor();
  if ((await page.textContent("#s-password")).length !== 24) complaints.push("no password is shown");

  await press(page, "805ec0999999", 3);
  await row(page, "805ec0999999").waitFor({ state: "detached" });
} catch (error) {
  complaints.push(String(error));
} finally {
  await browser.close();
}
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);

function row(page, mac) {
  return page.locator("#phones tr", { hasText: mac }).first();
}

/* Presses one of a row's buttons by keyboard. */
async function press(page, mac, index) {
  await row(page, mac).locator("button").nth(index).focus();
  await page.keyboard.press("Enter");
}
